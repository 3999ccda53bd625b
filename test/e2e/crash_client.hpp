// A client that changes its own devices and streams without pause, and knows what rocd has
// answered: what must be there when rocd comes back after a kill. One request at a time, so at most
// one is without an answer, and that one may have been carried out or not.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "e2e/http.hpp"

namespace rocd::test {

class CrashClient {
 public:
  CrashClient(int number, std::uint32_t seed);

  // "endpoints:" and "streams:" of the configuration: what this client overrides.
  [[nodiscard]] static std::string configured(int clients);

  // Changes things until rocd does not answer any more.
  void change_things(const HttpClient& http);

  // What of this client rocd shows after a restart, against what it has answered. Gives what is
  // wrong, and takes over what a request without an answer has done.
  [[nodiscard]] std::vector<std::string> compare(const boost::json::array& shown);

  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::uint64_t unanswered() const { return unanswered_; }
  [[nodiscard]] std::uint64_t unanswered_done() const { return unanswered_done_; }

 private:
  struct Request {
    std::string method, path;
    boost::json::object body;
    std::string uri;  // of what it is about; empty: a new one, known by its display name
  };

  [[nodiscard]] std::string new_name();
  [[nodiscard]] std::size_t pick(std::size_t count);
  [[nodiscard]] const boost::json::object* any(bool stream, bool configured);
  [[nodiscard]] Request make(bool stream);
  [[nodiscard]] Request change(const boost::json::object& item);
  [[nodiscard]] Request next();
  void take_answer(const Request& request, const Response& answer);
  [[nodiscard]] bool is_done(const Request& request, const boost::json::object& now) const;

  std::string prefix_;  // of all display names
  std::mt19937 random_;
  std::uint64_t names_ = 0;
  std::map<std::string, boost::json::object> items_;  // uri -> as answered, without status
  std::optional<Request> open_;                       // without an answer
  std::vector<std::string> wrong_;
  std::uint64_t acknowledged_ = 0, unanswered_ = 0, unanswered_done_ = 0;
};

}  // namespace rocd::test
