#include "soak/rest_client.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace rocd::test {
namespace json = boost::json;

RestClient::RestClient(std::uint16_t port, std::string token)
    : port_(port), token_(std::move(token)) {}

std::string RestClient::head_of(const std::string& method, const std::string& path) const {
  return method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n" +
         (token_.empty() ? "" : "Authorization: Bearer " + token_ + "\r\n");
}

RawAnswer RestClient::ask(const std::string& method, const std::string& path,
                          const std::string& body, const std::string& head) {
  auto bytes = head_of(method, path) + head;
  if (!body.empty())
    bytes +=
        "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  return ask_raw(bytes + "\r\n" + body);
}

RawAnswer RestClient::ask_raw(const std::string& bytes) {
  if (!connection_) connection_.emplace(connect());
  auto answer = connection_->send(bytes) ? connection_->answer() : std::nullopt;
  // rocd refuses some before it has read all of it: the answer has come, and the rest is not taken.
  if (!answer) answer = connection_->answer();
  if (!answer || answer->head.find("\r\nConnection: close") != std::string::npos)
    connection_.reset();
  if (!answer) throw std::runtime_error("no answer to\n" + bytes.substr(0, 500));
  return *std::move(answer);
}

RawAnswer RestClient::expect(int status, const std::string& method, const std::string& path,
                             const std::string& body, const std::string& head) {
  auto answer = ask(method, path, body, head);
  if (answer.status != status)
    throw std::runtime_error(method + " " + path + ": not " + std::to_string(status) + " but " +
                             answer.head + answer.body.substr(0, 2000));
  return answer;
}

json::value RestClient::get(const std::string& path) {
  return json::parse(expect(200, "GET", path).body);
}

json::value RestClient::post(const std::string& path, const json::value& body) {
  return json::parse(expect(201, "POST", path, json::serialize(body)).body);
}

void RestClient::patch(const std::string& path, const json::value& body) {
  expect(200, "PATCH", path, json::serialize(body));
}

void RestClient::remove(const std::string& path) {
  expect(204, "DELETE", path);
}

double RestClient::metric(const std::string& name) {
  std::istringstream lines(expect(200, "GET", "/metrics").body);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name + " ")) return std::stod(line.substr(name.size() + 1));
  throw std::runtime_error("no " + name + " in /metrics");
}

}  // namespace rocd::test
