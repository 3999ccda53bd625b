// A client of the REST API that keeps its connection: thousands of requests one after the other.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "e2e/raw_connection.hpp"

namespace rocd::test {

class RestClient {
 public:
  // token: sent with each request unless it is empty.
  explicit RestClient(std::uint16_t port, std::string token = {});

  // `head`: further lines of the head, each with its end. Throws if there is no answer.
  RawAnswer ask(const std::string& method, const std::string& path, const std::string& body = {},
                const std::string& head = {});
  // Sends the bytes as they are.
  RawAnswer ask_raw(const std::string& bytes);
  // Throws with the answer if it is of any other status.
  RawAnswer expect(int status, const std::string& method, const std::string& path,
                   const std::string& body = {}, const std::string& head = {});

  boost::json::value get(const std::string& path);
  boost::json::value post(const std::string& path, const boost::json::value& body);  // 201
  void patch(const std::string& path, const boost::json::value& body);
  void remove(const std::string& path);
  // A series of GET /metrics without labels.
  [[nodiscard]] double metric(const std::string& name);

  // A connection of its own, for what does not end by itself.
  [[nodiscard]] RawConnection connect() const { return RawConnection::tcp(port_); }
  [[nodiscard]] std::string head_of(const std::string& method, const std::string& path) const;

 private:
  std::uint16_t port_;
  std::string token_;
  std::optional<RawConnection> connection_;
};

}  // namespace rocd::test
