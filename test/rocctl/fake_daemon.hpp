// A daemon that answers what a test tells it to, in a thread of its own, at a free port.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/json/value.hpp>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace rocctl::test {

struct Seen {
  std::string line;  // "POST /streams"
  std::string body;
  std::string authorization;
  std::string last_event_id;
};

struct Answer {
  int status = 200;
  std::string body{};
  std::string content_type = "application/json";
  bool silent = false;     // never answers
  bool hang_up = false;    // closes the connection instead
  bool keep_open = false;  // after the body, until the client has closed the connection
};

Answer json_answer(const boost::json::value& value, int status = 200);
// Envelopes as GET /events sends them; the last one stays open if nothing else is said.
Answer events_answer(const std::vector<boost::json::value>& envelopes, bool keep_open = true);
Answer problem_answer(int status, const std::string& detail);

class FakeDaemon {
 public:
  FakeDaemon();
  ~FakeDaemon();
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;

  // request: "GET /streams". Each request takes the next answer; the last one stays.
  void answer(const std::string& request, std::vector<Answer> answers);
  [[nodiscard]] std::vector<Seen> seen() const;
  [[nodiscard]] std::string url() const;

 private:
  void serve();
  void serve_one(boost::asio::ip::tcp::socket socket);
  Answer answer_to(const Seen& request);

  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  mutable std::mutex mutex_;
  std::condition_variable stopping_;
  std::atomic<bool> stopped_ = false;
  std::map<std::string, std::vector<Answer>> answers_;
  std::vector<Seen> seen_;
  std::thread thread_;
};

}  // namespace rocctl::test
