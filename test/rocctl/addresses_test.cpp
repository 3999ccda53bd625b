// Addresses that were not given, daemons' addresses, volumes.
#include "rocctl/addresses.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include "rocctl/commands.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/target.hpp"

namespace rocctl::test {
namespace {

struct Uris {
  std::string media, repair, control;
  friend bool operator==(const Uris&, const Uris&) = default;
};

Uris derived(const AddressOptions& options, Side side = Side::destination) {
  const auto addresses = derive_addresses(options, side);
  if (!addresses) return {"error", addresses.error().message, ""};
  const boost::json::value connection = addresses->connection;
  return {text_at(connection, "/media_uri"), text_at(connection, "/repair_uri"),
          text_at(connection, "/control_uri")};
}

std::string refusal(const AddressOptions& options, Side side = Side::destination) {
  const auto addresses = derive_addresses(options, side);
  if (addresses) return "";
  CHECK(addresses.error().exit == Exit::usage);
  return addresses.error().message;
}

}  // namespace

TEST_CASE("repair and control are the next two ports, and that is said") {
  CHECK(derived({"rtp+rs8m://192.168.1.20:10001"}) == Uris{"rtp+rs8m://192.168.1.20:10001",
                                                           "rs8m://192.168.1.20:10002",
                                                           "rtcp://192.168.1.20:10003"});
  CHECK(derived({"rtp+ldpc://[::1]:7000"}) ==
        Uris{"rtp+ldpc://[::1]:7000", "ldpc://[::1]:7001", "rtcp://[::1]:7002"});
  CHECK(derived({"rtp://studio:7000"}) == Uris{"rtp://studio:7000", "", "rtcp://studio:7002"});
  const auto chosen = derive_addresses({"rtp+rs8m://a:10001"}, Side::destination)->chosen;
  REQUIRE(chosen.size() == 2);
  CHECK(chosen[0] == "repair_uri rs8m://a:10002 selected automatically (port 10001 + 1)");
  CHECK(chosen[1] == "control_uri rtcp://a:10003 selected automatically (port 10001 + 2)");
}

TEST_CASE("both ends derive the same ports, and port 0 stays for rocd to choose") {
  CHECK(derived({"rtp+rs8m://0.0.0.0:10001"}, Side::source) ==
        Uris{"rtp+rs8m://0.0.0.0:10001", "rs8m://0.0.0.0:10002", "rtcp://0.0.0.0:10003"});
  CHECK(derived({"rtp+rs8m://0.0.0.0:0"}, Side::source) ==
        Uris{"rtp+rs8m://0.0.0.0:0", "rs8m://0.0.0.0:0", "rtcp://0.0.0.0:0"});
}

TEST_CASE("what is given is taken, and nothing is said") {
  const auto addresses =
      derive_addresses({"rtp+rs8m://a:1", "rs8m://b:5", "rtcp://c:6"}, Side::destination);
  REQUIRE(addresses.has_value());
  CHECK(addresses->chosen.empty());
  CHECK(derived({"rtp+rs8m://a:1", "rs8m://b:5", "rtcp://c:6"}) ==
        Uris{"rtp+rs8m://a:1", "rs8m://b:5", "rtcp://c:6"});
  CHECK(derived({"rtp://a:1", std::nullopt, "none"}) == Uris{"rtp://a:1", "", ""});
}

TEST_CASE("addresses that cannot work are refused") {
  CHECK(refusal({"http://a:1"}).starts_with("DESTINATION: unknown scheme 'http'"));
  CHECK(refusal({"rs8m://a:1"}) ==
        "DESTINATION: 'rs8m://a:1' has the wrong scheme, expected rtp, rtp+rs8m or rtp+ldpc");
  CHECK(refusal({"rtp://a"}, Side::source).starts_with("SOURCE: 'rtp://a' has no port"));
  CHECK(refusal({"rtp://a:0"}).starts_with("DESTINATION: port 0"));
  CHECK(refusal({"rtp+rs8m://a:65535"}) == "there is no port 1 above 65535, give --repair");
  CHECK(refusal({"rtp://a:65534"}) == "there is no port 2 above 65534, give --control");
  CHECK(refusal({"rtp://a:1", "rs8m://a:2"}).find("no error correction") != std::string::npos);
  CHECK(refusal({"rtp+rs8m://a:1", "ldpc://a:2"}) ==
        "--repair: rtp+rs8m:// needs a repair address rs8m://HOST:PORT");
  CHECK(refusal({"rtp+rs8m://a:1", "none"}) ==
        "--repair: rtp+rs8m:// needs a repair address rs8m://HOST:PORT");
  CHECK(refusal({"rtp://a:1", std::nullopt, "rtp://a:3"}) ==
        "--control: 'rtp://a:3' has the wrong scheme, expected rtcp");
}

TEST_CASE("addresses of daemons") {
  CHECK(parse_target("http://127.0.0.1:4040")->url() == "http://127.0.0.1:4040");
  CHECK(parse_target("http://studio")->url() == "http://studio:4040");
  CHECK(parse_target("http://[::1]:99/")->url() == "http://[::1]:99");
  CHECK(parse_target("[::1]")->host_header() == "[::1]:4040");
  CHECK(parse_target("localhost:1")->url() == "http://localhost:1");
  CHECK(parse_target("unix:/run/rocd.sock")->url() == "unix:/run/rocd.sock");
  CHECK(parse_target("unix:///run/rocd.sock")->unix_path == "/run/rocd.sock");
  CHECK(choose_target("", nullptr)->url() == "http://127.0.0.1:4040");
  CHECK(choose_target("", "/nonexistent")->url() == "http://127.0.0.1:4040");
  for (const char* url : {"https://a", "ftp://a", "http://", "http://a:0", "http://a:65536",
                          "http://a:b", "http://a/streams", "unix:relative", "http://a b"}) {
    const auto target = parse_target(url);
    REQUIRE(target.has_error());
    CHECK(target.error().exit == Exit::usage);
  }
}

TEST_CASE("volumes are factors or decibels") {
  CHECK(*parse_volume("0.25") == 0.25);
  CHECK(*parse_volume("0") == 0);
  CHECK(*parse_volume("-6dB") == Catch::Approx(0.501187));
  CHECK(*parse_volume("+6 dB") == Catch::Approx(1.995262));
  for (const char* text : {"", "loud", "-1", "4.1", "13dB", "dB", "nan", "50%", "1 1"})
    CHECK(parse_volume(text).error().exit == Exit::usage);
}

}  // namespace rocctl::test
