// The head of a request, as handlers see it.
#include "api/request_head.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace rocd;

namespace {

Result<HttpRequest> read(const std::string& head) {
  RequestParser parser;
  boost::system::error_code error;
  parser.put(boost::asio::buffer(head), error);
  REQUIRE(parser.is_header_done());
  return to_request(parser, false);
}

const std::string upgrade =
    "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";

}  // namespace

TEST_CASE("A client that asks for WebSocket in HTTP/1.0 is one that does not") {
  CHECK(read("GET /events HTTP/1.1\r\nHost: a\r\n" + upgrade + "\r\n")->websocket);
  CHECK(!read("GET /events HTTP/1.0\r\nHost: a\r\n" + upgrade + "\r\n")->websocket);
}

TEST_CASE("A key of WebSocket that is sent twice is none of both") {
  const auto request = read("GET /events HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Key: one\r\n" +
                            upgrade + "Sec-WebSocket-Key: two\r\n\r\n");
  CHECK(request->websocket->key == "one, two");
}

TEST_CASE("The host of a target wins over the field, and cannot be empty") {
  CHECK(read("GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n")->host == "b");
  CHECK(!read("GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"));
  CHECK(!read("GET https://?x HTTP/1.1\r\nHost: a\r\n\r\n"));
}
