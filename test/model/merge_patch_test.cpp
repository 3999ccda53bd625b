// JSON Merge Patch by the examples of its own standard.
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "model/samples.hpp"

using namespace rocd;
using namespace rocd::test;
using boost::json::parse;

TEST_CASE("a merge patch does what the table of RFC 7396, appendix A, says") {
  struct Row {
    std::string original, patch, result;
  };
  const Row table[] = {
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
      {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
      {R"({"a":"foo"})", R"(null)", R"(null)"},
      {R"({"a":"foo"})", R"("bar")", R"("bar")"},
      {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
      {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
  };
  for (const auto& row : table) {
    CAPTURE(row.original, row.patch);
    CHECK(merge_patch(parse(row.original), parse(row.patch)) == parse(row.result));
  }
}

TEST_CASE("a merge patch changes some settings of a stream and leaves the others") {
  auto spec = make_send();
  spec.settings.profile = Profile::robust;
  spec.settings.target_latency = 200ms;
  spec.settings.io_latency = 40ms;
  const auto patch = parse(R"({"enabled": false,
    "settings": {"target_latency": null, "io_latency": "30ms"},
    "destination": {"control_uri": null}})");
  const auto patched = decode_stream(merge_patch(writable_json(spec), patch), {self, stream_uid});
  REQUIRE(patched.has_value());
  spec.enabled = false;
  spec.settings.target_latency.reset();
  spec.settings.io_latency = 30ms;
  std::get<ExternalAddress>(spec.destination).control.reset();
  CHECK(*patched == spec);
}
