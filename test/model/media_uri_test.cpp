#include "model/media_uri.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

using namespace rocd;

namespace {

const std::string schemes = "expected one of rtp, rtp+rs8m, rs8m, rtp+ldpc, ldpc, rtcp";
const std::string hosts = "is not a host name, an IPv4 address or an IPv6 address in brackets";
const std::string ports = "is not a port, expected a number from 0 to 65535";

}  // namespace

TEST_CASE("an address of each scheme is read and written as it was") {
  struct Row {
    std::string text;
    MediaUri uri;
    Interface interface;
    FecScheme fec;
  };
  const std::vector<Row> table{
      {"rtp://127.0.0.1:10001",
       {Protocol::rtp, "127.0.0.1", 10001},
       Interface::media,
       FecScheme::none},
      {"rtp+rs8m://host.example:1",
       {Protocol::rtp_rs8m, "host.example", 1},
       Interface::media,
       FecScheme::rs8m},
      {"rs8m://a-b.c:65535", {Protocol::rs8m, "a-b.c", 65535}, Interface::repair, FecScheme::rs8m},
      {"rtp+ldpc://[::1]:5", {Protocol::rtp_ldpc, "::1", 5}, Interface::media, FecScheme::ldpc},
      {"ldpc://0.0.0.0:0", {Protocol::ldpc, "0.0.0.0", 0}, Interface::repair, FecScheme::ldpc},
      {"rtcp://[fe80::1]:10003",
       {Protocol::rtcp, "fe80::1", 10003},
       Interface::control,
       FecScheme::none},
      {"rtp://3com.example:7",
       {Protocol::rtp, "3com.example", 7},
       Interface::media,
       FecScheme::none},
      {"rtp://example.org.:7",
       {Protocol::rtp, "example.org.", 7},
       Interface::media,
       FecScheme::none},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    const auto uri = MediaUri::parse(row.text);
    REQUIRE(uri.has_value());
    CHECK(*uri == row.uri);
    CHECK(uri->str() == row.text);
    CHECK(interface_of(uri->protocol) == row.interface);
    CHECK(fec_of(uri->protocol) == row.fec);
  }
}

TEST_CASE("two spellings of one IPv6 address are one address") {
  const auto uri = MediaUri::parse("rtp://[2001:DB8:0:0::1]:1");
  REQUIRE(uri.has_value());
  CHECK(uri->str() == "rtp://[2001:db8::1]:1");
  CHECK(*uri == *MediaUri::parse("rtp://[2001:db8::0:1]:1"));
}

TEST_CASE("what is not an address is refused with what is allowed") {
  struct Row {
    std::string text, reason;
  };
  const auto longest_label = std::string(63, 'a');
  const std::vector<Row> table{
      {"", "'' is not an address, expected SCHEME://HOST:PORT"},
      {"10.0.0.1:5", "'10.0.0.1:5' is not an address, expected SCHEME://HOST:PORT"},
      {"rtp:/10.0.0.1:5", "'rtp:/10.0.0.1:5' is not an address, expected SCHEME://HOST:PORT"},
      {"://10.0.0.1:5", "unknown scheme '', " + schemes},
      {"http://10.0.0.1:5", "unknown scheme 'http', " + schemes},
      {"RTP://10.0.0.1:5", "unknown scheme 'RTP', " + schemes},
      {" rtp://10.0.0.1:5", "unknown scheme ' rtp', " + schemes},
      {"rtp+rs8://10.0.0.1:5", "unknown scheme 'rtp+rs8', " + schemes},
      {"rtp://10.0.0.1:5/", "'rtp://10.0.0.1:5/' has more than HOST:PORT after the scheme"},
      {"rtp://10.0.0.1:5?a=b", "'rtp://10.0.0.1:5?a=b' has more than HOST:PORT after the scheme"},
      {"rtp://10.0.0.1:5#a", "'rtp://10.0.0.1:5#a' has more than HOST:PORT after the scheme"},
      {"rtp://me:secret@10.0.0.1:5",
       "an address has no user name and no password, expected SCHEME://HOST:PORT"},
      {"me:secret@10.0.0.1:5",
       "an address has no user name and no password, expected SCHEME://HOST:PORT"},
      {"rtp://10.0.0.1", "'rtp://10.0.0.1' has no port, expected SCHEME://HOST:PORT"},
      {"rtp://[::1]", "'rtp://[::1]' has no port, expected SCHEME://HOST:PORT"},
      {"rtp://", "'rtp://' has no port, expected SCHEME://HOST:PORT"},
      {"rtp://:5", "'' " + hosts},
      {"rtp://*:5", "'*' " + hosts},
      {"rtp://::1:5", "'::1' " + hosts},
      {"rtp://[]:5", "'[]' " + hosts},
      {"rtp://[10.0.0.1]:5", "'10.0.0.1' " + hosts},
      {"rtp://[fe80::1%eth0]:5", "'fe80::1%eth0' " + hosts},
      {"rtp://10.0.0:5", "'10.0.0' " + hosts},
      {"rtp://256.0.0.1:5", "'256.0.0.1' " + hosts},
      {"rtp://a b:5", "'a b' " + hosts},
      {"rtp://a_b:5", "'a_b' " + hosts},
      {"rtp://-a:5", "'-a' " + hosts},
      {"rtp://a-:5", "'a-' " + hosts},
      {"rtp://a-.b:5", "'a-.b' " + hosts},
      {"rtp://a..b:5", "'a..b' " + hosts},
      {"rtp://kü:5", "'kü' " + hosts},
      {"rtp://" + longest_label + "a:5", "'" + longest_label + "a' " + hosts},
      {"rtp://10.0.0.1:", "'' " + ports},
      {"rtp://10.0.0.1:x", "'x' " + ports},
      {"rtp://10.0.0.1:-1", "'-1' " + ports},
      {"rtp://10.0.0.1:+1", "'+1' " + ports},
      {"rtp://10.0.0.1:65536", "'65536' " + ports},
      {"rtp://10.0.0.1:5 ", "'5 ' " + ports},
      {"rtp://10.0.0.1:0x5", "'0x5' " + ports},
  };
  for (const auto& row : table) {
    CAPTURE(row.text);
    const auto uri = MediaUri::parse(row.text);
    REQUIRE(uri.has_error());
    CHECK(uri.error().code == ErrorCode::invalid_argument);
    CHECK(uri.error().message == row.reason);
  }
  CHECK(MediaUri::parse("rtp://" + longest_label + ":5").has_value());
}
