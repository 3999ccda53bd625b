#include "stream/pulse_ping.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <cstdint>

namespace rocd {
namespace asio = boost::asio;
namespace {

constexpr Duration patience = 2s;
constexpr Duration connect_again = 1s;  // its queue of connections is full
constexpr Duration look_again = 250ms;  // it is not there

void append(std::string& bytes, std::uint32_t number) {  // network byte order
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(number >> shift & 0xffU);
}

// PA_COMMAND_AUTH of PulseAudio's native protocol (pulsecore/native-common.h, pstream.c,
// tagstruct.c): a frame of five numbers, then command, tag, version and cookie. It is answered even
// if the cookie is wrong, and makes no client of PipeWire.
std::string greeting() {
  constexpr std::uint32_t command_auth = 8, tag = 0, version = 13, cookie_bytes = 256;
  std::string body;
  for (const auto number : {command_auth, tag, version}) {
    body += 'L';
    append(body, number);
  }
  body += 'x';
  append(body, cookie_bytes);
  body.append(cookie_bytes, '\0');
  std::string frame;
  append(frame, static_cast<std::uint32_t>(body.size()));
  append(frame, 0xffffffffU);                                // channel: not audio
  for (int field = 0; field < 3; ++field) append(frame, 0);  // offset and flags: not audio
  return frame + body;
}

// Then nothing is known of the server.
bool is_scarcity(const boost::system::error_code& error) {
  namespace errc = boost::system::errc;
  return error == errc::too_many_files_open || error == errc::too_many_files_open_in_system ||
         error == errc::no_buffer_space || error == errc::not_enough_memory;
}

}  // namespace

PulsePing::PulsePing(const asio::any_io_executor& executor,
                     std::function<void(PulseServer)> on_answer)
    : socket_(executor),
      on_answer_(std::move(on_answer)),
      timer_(executor, [this] { on_timeout(); }) {}

void PulsePing::ask(const std::string& socket) {
  if (asking_) return;
  asking_ = std::make_shared<int>(0);
  told_ = PulseServer::answers;
  path_ = socket;
  timer_.arm(Now::read().mono + patience);
  connect();
}

void PulsePing::stop() {
  asking_.reset();
  timer_.arm(std::nullopt);
  boost::system::error_code ignored;
  socket_.close(ignored);
}

// Not by Asio: it takes a full queue (EAGAIN) for a connection that is being made, which there is
// none of with Unix sockets.
void PulsePing::connect() {
  sockaddr_un server{};
  server.sun_family = AF_UNIX;
  boost::system::error_code error;
  cannot_ask_ = absent_ = false;
  if (!path_.empty() && path_.size() < sizeof server.sun_path) {
    path_.copy(static_cast<char*>(server.sun_path), path_.size());
    socket_.open(boost::asio::local::stream_protocol(), error);
    if (!error) socket_.non_blocking(true, error);
    const auto* address = reinterpret_cast<const sockaddr*>(&server);
    if (!error && ::connect(socket_.native_handle(), address, sizeof server) == 0) return greet();
    boost::system::error_code ignored;
    const int failure = error ? 0 : errno;
    socket_.close(ignored);
    cannot_ask_ = is_scarcity(error);
    if (failure == EAGAIN || cannot_ask_) return;  // later again
    const bool nobody_listens = failure == ENOENT || failure == ECONNREFUSED;
    if (nobody_listens && path_ == known_path_) {
      timer_.arm(Now::read().mono + look_again);
      absent_ = true;
      post([this] { tell(PulseServer::absent); });
      return;
    }
  }
  post([this] { finish(); });
}

// Of the question that is asked now.
void PulsePing::post(std::function<void()> handler) {
  asio::post(socket_.get_executor(),
             [handler = std::move(handler), alive = std::weak_ptr(asking_)] {
               if (!alive.expired()) handler();
             });
}

void PulsePing::greet() {
  const auto bytes = std::make_shared<const std::string>(greeting());
  asio::async_write(socket_, asio::buffer(*bytes),
                    [this, bytes, alive = std::weak_ptr(asking_)](const auto& error, std::size_t) {
                      if (alive.expired()) return;
                      error ? finish() : listen();
                    });
}

void PulsePing::listen() {
  socket_.async_read_some(asio::buffer(&answer_, 1),
                          [this, alive = std::weak_ptr(asking_)](const auto& error, std::size_t) {
                            if (alive.expired()) return;
                            if (!error) known_path_ = path_;
                            finish();
                          });
}

void PulsePing::finish() {
  stop();
  on_answer_(PulseServer::answers);
}

void PulsePing::on_timeout() {
  const bool was_not_asked = absent_ || cannot_ask_;
  if (!socket_.is_open()) {
    timer_.arm(Now::read().mono + connect_again);
    connect();
  }
  if (absent_ || cannot_ask_) return;
  if (was_not_asked) return timer_.arm(Now::read().mono + patience);  // asked only now
  tell(PulseServer::silent);
}

void PulsePing::tell(PulseServer state) {
  if (std::exchange(told_, state) != state) on_answer_(state);
}

}  // namespace rocd
