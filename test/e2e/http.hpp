// A client of the REST API: one request per connection, the answer as JSON.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>

namespace rocd::test {

struct Response {
  int status = 0;
  std::string body;
  [[nodiscard]] boost::json::value json() const;  // throws if it is not
};

class HttpClient {
 public:
  explicit HttpClient(const std::string& url);  // "http://127.0.0.1:PORT"

  [[nodiscard]] std::string url() const { return "http://" + host_ + ":" + std::to_string(port_); }

  // Throws if there is no answer within ten seconds.
  [[nodiscard]] Response request(const std::string& method, const std::string& path,
                                 const std::optional<boost::json::value>& body = {}) const;

  // Of a successful request; throws with the body of any other.
  [[nodiscard]] boost::json::value get(const std::string& path) const;
  boost::json::value post(const std::string& path, const boost::json::value& body) const;
  boost::json::value patch(const std::string& path, const boost::json::value& body) const;
  void remove(const std::string& path) const;

 private:
  boost::json::value expect_success(const std::string& method, const std::string& path,
                                    const std::optional<boost::json::value>& body) const;

  std::string host_;
  std::uint16_t port_ = 0;
};

}  // namespace rocd::test
