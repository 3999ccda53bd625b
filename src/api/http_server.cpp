// Listeners, accept loops, and who may connect how often.
#include "api/http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <cstring>
#include <list>
#include <map>
#include <unordered_set>

#include "aio/task_group.hpp"
#include "aio/with_deadline.hpp"
#include "api/http_connection.hpp"
#include "api/unix_listener.hpp"
#include "base/descriptors_left.hpp"
#include "base/log.hpp"
#include "base/log_throttle.hpp"

namespace rocd {
namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using Socket = HttpConnection::Socket;
using Acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

constexpr std::size_t kMaxRefusals = 32;  // connections that are being told why not
constexpr std::string_view kUnix = "unix";

// What connections count against; port and scope do not matter.
std::string address_of(Socket& socket) {
  error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  if (error) return {};
  char text[INET6_ADDRSTRLEN] = {};
  const auto* address = endpoint.data();
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
  } else if (address->sa_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
      inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, sizeof text);
    } else {
      inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    }
  } else {
    return std::string(kUnix);
  }
  return text;
}

bool out_of_descriptors(const error_code& error) {
  return error == asio::error::no_descriptors || error.value() == ENFILE ||
         error == asio::error::no_buffer_space || error == asio::error::no_memory;
}

asio::awaitable<bool> joined(TaskGroup& tasks) {
  co_await tasks.join();
  co_return true;
}

// Shared with the frames of connections, which the io_context may destroy after the server.
struct Shared : HttpSurroundings {
  std::unordered_set<HttpConnection*> connections;
  std::map<std::string, std::size_t, std::less<>> per_address;
  std::size_t open = 0;
  std::size_t refusals = 0;
  LogThrottle refused_log, accept_log;
  bool closed = false;  // the server is gone

  [[nodiscard]] std::size_t open_of(std::string_view address) const {
    const auto entry = per_address.find(address);
    return entry == per_address.end() ? 0 : entry->second;
  }

  void abandon_all() {
    closed = true;
    on_refusal = nullptr;
    while (!connections.empty()) {
      auto* connection = *connections.begin();
      connections.erase(connections.begin());
      connection->abandon();
    }
  }
};

// Counts a connection for as long as it is open.
class Place {
 public:
  Place(std::shared_ptr<Shared> shared, std::string address)
      : shared_(std::move(shared)), address_(std::move(address)) {
    ++shared_->per_address[address_];
    ++shared_->open;
  }
  ~Place() {
    --shared_->open;
    const auto entry = shared_->per_address.find(address_);
    if (--entry->second == 0) shared_->per_address.erase(entry);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  [[nodiscard]] bool is_local() const { return address_ == kUnix; }

 private:
  std::shared_ptr<Shared> shared_;
  std::string address_;
};

asio::awaitable<void> serve(std::shared_ptr<Shared> shared, Socket socket,
                            std::unique_ptr<Place> place) {
  if (shared->closed) co_return;
  HttpConnection connection(std::move(socket), place->is_local(), *shared);
  const auto leave = [&shared](HttpConnection* c) { shared->connections.erase(c); };
  const std::unique_ptr<HttpConnection, decltype(leave)> entry(&connection, leave);
  shared->connections.insert(&connection);
  co_await connection.run();
}

asio::awaitable<void> refuse(std::shared_ptr<Shared> shared, Socket socket, HttpProblem problem) {
  const auto leave = [](Shared* s) { --s->refusals; };
  const std::unique_ptr<Shared, decltype(leave)> entry(shared.get(), leave);
  HttpConnection connection(std::move(socket), false, *shared);
  co_await connection.refuse(std::move(problem));
}

}  // namespace

struct HttpServer::Impl {
  Impl(asio::any_io_executor e, Handler handler, HttpLimits limits)
      : executor(std::move(e)), shared(std::make_shared<Shared>()), tasks(executor) {
    shared->handler = std::move(handler);
    shared->limits = limits;
  }

  void admit(Socket socket);
  asio::awaitable<void> accept(Acceptor& acceptor);
  void start(Acceptor acceptor) {
    acceptors.push_back(std::move(acceptor));
    tasks.spawn("accept", accept(acceptors.back()));
  }
  void close_listeners() {
    error_code ignored;
    for (auto& acceptor : acceptors) acceptor.close(ignored);
    socket_file.reset();
  }

  asio::any_io_executor executor;
  std::shared_ptr<Shared> shared;
  std::list<Acceptor> acceptors;
  std::optional<UnixSocketFile> socket_file;
  TaskGroup tasks;
};

void HttpServer::Impl::admit(Socket socket) {
  const int on = 1;
  // Fails on a Unix socket, which needs it not.
  (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  auto address = address_of(socket);
  if (address.empty()) return;  // gone already
  const auto& limits = shared->limits;
  const bool too_many = shared->open_of(address) >= limits.connections_per_address;
  // Whoever may use the Unix socket gets in, however many the network's connections are.
  const bool full = address != kUnix && shared->open - shared->open_of(kUnix) >= limits.connections;
  const bool scarce =
      address != kUnix && few_descriptors_left(socket.native_handle(), descriptors_for_itself);
  if (!too_many && !full && !scarce) {
    auto place = std::make_unique<Place>(shared, std::move(address));
    tasks.spawn("connection", serve(shared, std::move(socket), std::move(place)));
    return;
  }
  const auto now = std::chrono::steady_clock::now();
  if (const auto more = shared->refused_log.admit(now)) {
    log("api").warn("too many connections, {} is refused{}", address, *more);
  }
  const int status = too_many ? 429 : 503;
  const bool too_scarce = few_descriptors_left(socket.native_handle(), descriptors_for_itself / 2);
  if (shared->refusals >= kMaxRefusals || too_scarce) {  // closed without a word
    if (shared->on_refusal) shared->on_refusal(status);
    return;
  }
  ++shared->refusals;
  HttpProblem problem{.status = status, .detail = "too many connections are open"};
  if (too_many) problem.detail += " from " + address;
  problem.hint = "use connections again (keep-alive), close those that are not needed";
  tasks.spawn("refusal", refuse(shared, std::move(socket), std::move(problem)));
}

asio::awaitable<void> HttpServer::Impl::accept(Acceptor& acceptor) {
  const auto alive = shared;  // the server may be gone when this goes on
  asio::steady_timer pause(executor);
  auto delay = 50ms;
  while (!alive->closed && acceptor.is_open()) {
    error_code error;
    auto socket = co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (alive->closed) co_return;
    if (!error) {
      delay = 50ms;
      admit(std::move(socket));
      continue;
    }
    if (error == asio::error::operation_aborted) co_return;
    if (!out_of_descriptors(error)) continue;  // the client was gone before it was accepted
    // The connection stays in the backlog, so the socket stays readable: trying again at once
    // would spin.
    if (const auto more = alive->accept_log.admit(std::chrono::steady_clock::now())) {
      log("api").warn("cannot accept a connection: {}{}", error.message(), *more);
    }
    pause.expires_after(delay);
    error_code ignored;
    co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    delay = std::min(delay * 2, 1000ms);
  }
}

HttpServer::HttpServer(asio::any_io_executor executor, Handler handler, HttpLimits limits)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(handler), limits)) {}

void HttpServer::set_on_refusal(std::function<void(int)> on_refusal) {
  impl_->shared->on_refusal = std::move(on_refusal);
}

HttpServer::~HttpServer() {
  impl_->close_listeners();
  impl_->shared->abandon_all();
}

Result<std::string> HttpServer::listen_tcp(const std::string& host, std::uint16_t port) {
  using asio::ip::tcp;
  const auto place = host + ":" + std::to_string(port);
  error_code error;
  // Blocks, but only once, before anything is served.
  tcp::resolver resolver(impl_->executor);
  const auto found = resolver.resolve(
      host, std::to_string(port), tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error || found.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "cannot resolve the listen address " + place + ": " + error.message(),
                 {},
                 "use an address, such as 127.0.0.1:4040",
                 {}};
  }
  tcp::endpoint endpoint = found.begin()->endpoint();
  for (const auto& entry : found) {
    if (entry.endpoint().address().is_v4()) {
      endpoint = entry.endpoint();
      break;
    }
  }
  Acceptor acceptor(impl_->executor);
  acceptor.open(asio::generic::stream_protocol(endpoint.protocol()), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return Error{ErrorCode::conflict,
                 "cannot listen on " + place + ": " + error.message(),
                 {},
                 error == asio::error::address_in_use
                     ? "does another rocd run? choose another port with http.listen or --listen"
                     : "",
                 {}};
  }
  const auto bound = acceptor.local_endpoint();
  std::memcpy(endpoint.data(), bound.data(), std::min(bound.size(), endpoint.capacity()));
  impl_->start(std::move(acceptor));
  const auto address = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + address + "]" : address) + ":" +
         std::to_string(endpoint.port());
}

Result<> HttpServer::listen_unix(const std::filesystem::path& path) {
  auto listener = make_unix_listener(path);
  if (!listener) return listener.error();
  Acceptor acceptor(impl_->executor);
  error_code error;
  acceptor.assign(asio::generic::stream_protocol(AF_UNIX, 0), listener->release(), error);
  if (error) return errno_error("cannot use " + path.string(), error.value());
  impl_->socket_file = std::move(listener->file);
  impl_->start(std::move(acceptor));
  return {};
}

asio::awaitable<void> HttpServer::shutdown() {
  impl_->close_listeners();
  for (auto* connection : impl_->shared->connections) connection->begin_shutdown();
  const auto deadline = std::chrono::steady_clock::now() + impl_->shared->limits.shutdown_timeout;
  (void)co_await with_deadline(deadline, joined(impl_->tasks));
  impl_->tasks.cancel();
  co_await impl_->tasks.join();
}

std::size_t HttpServer::connections() const {
  return impl_->shared->open;
}

}  // namespace rocd
