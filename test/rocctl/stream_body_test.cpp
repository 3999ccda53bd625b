// What `stream set` sends: a merge patch that leaves nothing of the former addresses.
#include "rocctl/stream_body.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <catch2/catch_test_macros.hpp>

#include "rocctl/fake_daemon.hpp"
#include "rocctl/program_run.hpp"
#include "rocctl/samples.hpp"

namespace rocctl::test {
namespace json = boost::json;

namespace {

class Fixture {
 public:
  Fixture() {
    daemon_.answer("GET /peers/self/endpoints",
                   {json_answer(json::array{endpoint("aaaaaa-aaaaaa-aaaaaa", "Kitchen", "rocd.k"),
                                            endpoint("bbbbbb-bbbbbb-bbbbbb", "Den", "rocd.den")})});
    const auto music = stream("ssssss-ssssss-ssssss", "Music");
    daemon_.answer("GET /streams", {json_answer(json::array{music})});
    daemon_.answer("PATCH /streams/ssssss-ssssss-ssssss", {json_answer(music)});
  }

  Run set(std::vector<std::string> words) {
    words.insert(words.begin(), {"stream", "set", "Music", "--url", daemon_.url()});
    auto run = rocctl(words);
    UNSCOPED_INFO(run.out << run.err);
    return run;
  }
  // The body of the PATCH.
  json::value sent(const std::vector<std::string>& words) {
    CHECK(set(words).exit == 0);
    for (const auto& request : daemon_.seen())
      if (!request.body.empty()) last_ = request.body;
    return json::parse(last_);
  }
  bool anything_sent() const {
    for (const auto& request : daemon_.seen())
      if (!request.line.starts_with("GET ")) return true;
    return false;
  }

 private:
  FakeDaemon daemon_;
  std::string last_ = "null";
};

}  // namespace

TEST_CASE("only what is named is changed") {
  Fixture fixture;
  CHECK(fixture.sent({"--name", "Radio", "--profile", "robust", "--target-latency", "auto"}) ==
        json::parse(R"({"display_name": "Radio",
                        "settings": {"profile": "robust", "target_latency": "auto"}})"));
}

TEST_CASE("a new address leaves nothing of the former one") {
  Fixture fixture;
  CHECK(fixture.sent({"--destination", "rtp://10.0.0.1:5000", "--control", "none"}) ==
        json::parse(R"({"destination": {"connection_type": "external",
          "media_uri": "rtp://10.0.0.1:5000", "repair_uri": null, "control_uri": null,
          "endpoint_uri": null}})"));
  CHECK(fixture.sent({"--destination", "Den"}) ==
        json::parse(R"({"destination": {"connection_type": "endpoint", "media_uri": null,
          "repair_uri": null, "control_uri": null, "endpoint_uri":
          "/peers/pppppp-pppppp-pppppp/endpoints/bbbbbb-bbbbbb-bbbbbb"}})"));
}

TEST_CASE("repair and control go with the address that the stream has") {
  Fixture fixture;
  CHECK(fixture.sent({"--control", "none"}) ==
        json::parse(R"({"destination": {"control_uri": null}})"));
  CHECK(fixture.sent({"--repair", "rs8m://10.0.0.1:7"}) ==
        json::parse(R"({"destination": {"repair_uri": "rs8m://10.0.0.1:7"}})"));
  const auto wrong = fixture.set({"--repair", "none"});
  CHECK(wrong.exit == 2);
  CHECK(wrong.err.find("needs a repair address") != std::string::npos);
}

TEST_CASE("a change that cannot be meant is refused before anything is sent") {
  Fixture fixture;
  CHECK(fixture.set({}).err.starts_with("rocctl: there is nothing to set\nhint: give --name, "));
  CHECK(fixture.set({}).exit == 2);
  CHECK(fixture.set({"--source", "rtp://a:1", "--destination", "rtp://b:1"}).exit == 2);
  CHECK(fixture.set({"--source", "Bathroom"}).exit == 1);
  const auto dry = fixture.set({"--name", "Radio", "--dry-run"});
  CHECK(dry.exit == 0);
  CHECK(json::parse(dry.out) == json::parse(R"({"display_name": "Radio"})"));
  CHECK(dry.err == "not sent (--dry-run): PATCH /streams/ssssss-ssssss-ssssss\n");
  CHECK(!fixture.anything_sent());
}

}  // namespace rocctl::test
