// HTTP to the daemon, one connection per request, never longer than its time limit.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "rocctl/failure.hpp"
#include "rocctl/target.hpp"

namespace rocctl {

struct Response {
  int status = 0;
  std::string content_type;
  std::string body;
};

// For a query: what is not unreserved, but for "/", "*" and ",".
[[nodiscard]] std::string percent_encode(std::string_view text);

class Client {
 public:
  // token: sent as "Authorization: Bearer"; may be empty.
  Client(Target target, std::chrono::milliseconds limit, std::string token = {});

  // Any status is an answer; a failure is `unreachable`, or `unhealthy` when the time is over.
  [[nodiscard]] Outcome<Response> request(
      const std::string& method, const std::string& path,
      const std::optional<boost::json::value>& body = std::nullopt) const;

  // A status other than 2xx is a failure. The value is null for an empty body.
  [[nodiscard]] Outcome<boost::json::value> get(const std::string& path) const;
  [[nodiscard]] Outcome<boost::json::value> send(
      const std::string& method, const std::string& path,
      const std::optional<boost::json::value>& body = std::nullopt) const;

  // An answer without end, piece by piece, until it ends, `sink` returns false, or the time is
  // over. A failure `unreachable`: the daemon is gone, or silent for too long.
  enum class Ending { ended, stopped, time_over };
  struct Follow {
    std::string path;
    std::chrono::milliseconds silence;  // the longest that is believed
    std::optional<std::chrono::steady_clock::time_point> until{};
    std::string last_event_id{};
  };
  [[nodiscard]] Outcome<Ending> follow(const Follow& what,
                                       const std::function<bool(std::string_view)>& sink) const;

  [[nodiscard]] const Target& target() const { return target_; }

 private:
  Target target_;
  std::chrono::milliseconds limit_;
  std::string token_;
};

}  // namespace rocctl
