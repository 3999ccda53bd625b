#include "rocctl/fake_daemon.hpp"

#include <poll.h>

#include <boost/asio/ip/address_v4.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace rocctl::test {
namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

Answer json_answer(const boost::json::value& value, int status) {
  return {.status = status, .body = boost::json::serialize(value)};
}

Answer events_answer(const std::vector<boost::json::value>& envelopes, bool keep_open) {
  std::string body;
  for (const auto& envelope : envelopes) {
    const auto& object = envelope.as_object();
    // Within a snapshot there are no ids to resume from.
    if (object.at("type") != "sync")
      body += "id: " + std::string(object.at("id").as_string()) + "\n";
    body += "data: " + boost::json::serialize(envelope) + "\n\n";
  }
  return {.body = body + ": still there\n\n",
          .content_type = "text/event-stream",
          .keep_open = keep_open};
}

Answer problem_answer(int status, const std::string& detail) {
  const boost::json::object problem{{"title", "Problem"}, {"status", status}, {"detail", detail}};
  return {.status = status,
          .body = boost::json::serialize(problem),
          .content_type = "application/problem+json"};
}

FakeDaemon::FakeDaemon()
    : acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      thread_([this] { serve(); }) {}

FakeDaemon::~FakeDaemon() {
  stopped_ = true;
  stopping_.notify_all();
  boost::system::error_code ignored;
  tcp::socket last(io_);  // wakes accept()
  last.connect(acceptor_.local_endpoint(), ignored);
  thread_.join();
}

void FakeDaemon::answer(const std::string& request, std::vector<Answer> answers) {
  const std::lock_guard lock(mutex_);
  answers_[request] = std::move(answers);
}

std::vector<Seen> FakeDaemon::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

std::string FakeDaemon::url() const {
  return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
}

void FakeDaemon::serve() {
  for (;;) {
    boost::system::error_code error;
    tcp::socket socket(io_);
    acceptor_.accept(socket, error);
    if (stopped_) return;
    if (!error) serve_one(std::move(socket));
  }
}

Answer FakeDaemon::answer_to(const Seen& request) {
  const std::lock_guard lock(mutex_);
  seen_.push_back(request);
  const auto found = answers_.find(request.line);
  if (found == answers_.end()) return problem_answer(404, "no answer for " + request.line);
  auto& answers = found->second;
  auto answer = answers.front();
  if (answers.size() > 1) answers.erase(answers.begin());
  return answer;
}

void FakeDaemon::serve_one(tcp::socket socket) {
  boost::system::error_code error;
  boost::beast::flat_buffer buffer;
  http::request<http::string_body> request;
  http::read(socket, buffer, request, error);
  if (error) return;
  const auto answer = answer_to(
      {std::string(request.method_string()) + " " + std::string(request.target()), request.body(),
       std::string(request[http::field::authorization]), std::string(request["Last-Event-ID"])});
  if (answer.hang_up) return;
  if (answer.silent) {
    std::unique_lock lock(mutex_);
    stopping_.wait(lock, [this] { return stopped_.load(); });
    return;
  }
  http::response<http::string_body> response(static_cast<http::status>(answer.status), 11);
  response.set(http::field::content_type, answer.content_type);
  response.set(http::field::connection, "close");
  response.body() = answer.body;
  // An open-ended answer has no length: it ends with the connection.
  if (answer.content_type != "text/event-stream") response.prepare_payload();
  http::write(socket, response, error);
  while (answer.keep_open && !error && !stopped_) {
    pollfd closed{.fd = socket.native_handle(), .events = POLLIN, .revents = 0};
    if (::poll(&closed, 1, 20) != 0) break;  // the client sends nothing more, but for the end
  }
  socket.shutdown(tcp::socket::shutdown_both, error);
}

}  // namespace rocctl::test
