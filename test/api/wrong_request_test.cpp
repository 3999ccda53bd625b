// Every kind of wrong request, with the exact status, error code, path and reason of its answer.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <catch2/catch_test_macros.hpp>

#include "api/api_fixture.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

struct Wrong {
  std::string method, target;
  Ask what;
  int status;
  std::string error_code;
  std::string detail;                // exact; empty: see errors
  std::vector<FieldError> errors{};  // exact, in this order
};

// In targets and bodies, for what has another uid in each run: $KITCHEN (configured virtual
// output), $TO_KITCHEN (configured stream), $SPEAKERS (system output), $MIC (virtual input), $OUT
// (virtual output), $STREAM (of $OUT, made over REST), $SELF.
std::string fill(std::string text, const std::map<std::string, std::string>& names) {
  for (const auto& [name, value] : names) {
    for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at)) {
      text.replace(at, name.size(), value);
    }
  }
  return text;
}

std::vector<FieldError> errors_of(const Answer& answer) {
  std::vector<FieldError> errors;
  const auto body = answer.json().as_object();
  if (!body.contains("errors")) return errors;
  for (const auto& each : body.at("errors").as_array()) {
    errors.push_back(
        {std::string(each.at("path").as_string()), std::string(each.at("reason").as_string())});
  }
  return errors;
}

std::string show(const std::vector<FieldError>& errors) {
  std::string text;
  for (const auto& error : errors) text += error.path + ": " + error.reason + "\n";
  return text;
}

void check(const std::vector<Wrong>& table) {
  ApiFixture rocd;
  const auto out = rocd.make_endpoint("output");
  const auto mic = rocd.make_endpoint("input", R"("display_name": "Microphone")");
  const auto made =
      rocd.ask("POST", "/streams",
               {.body = R"({"display_name": "First", "source": {"connection_type": "endpoint",
        "endpoint_uri": "/peers/self/endpoints/)" +
                        out + R"("}, "destination":
        {"connection_type": "external", "media_uri": "rtp://10.0.0.2:9000"}})"});
  REQUIRE(made.status == 201);
  const auto receiver =
      rocd.ask("POST", "/streams",
               {.body = R"({"display_name": "Second", "source": {"connection_type": "external",
        "media_uri": "rtp://127.0.0.1:9500"}, "destination": {"connection_type": "endpoint",
        "endpoint_uri": "/peers/self/endpoints/)" +
                        mic + R"("}})"});
  REQUIRE(receiver.status == 201);
  const std::map<std::string, std::string> names{{"$KITCHEN", rocd.kitchen},
                                                 {"$TO_KITCHEN", rocd.to_kitchen},
                                                 {"$SPEAKERS", rocd.speakers},
                                                 {"$MIC", mic},
                                                 {"$OUT", out},
                                                 {"$SELF", rocd.self.str()},
                                                 {"$STREAM", made.at("/stream_uid")},
                                                 {"$RECEIVER", receiver.at("/stream_uid")}};
  const auto state = [&] {
    return rocd.ask("GET", "/streams").body + rocd.ask("GET", "/peers/self/endpoints").body +
           rocd.ask("GET", "/peers").body;
  };
  rocd.settle();
  const auto before = state();
  for (auto wrong : table) {
    wrong.target = fill(wrong.target, names);
    wrong.what.body = fill(wrong.what.body, names);
    for (auto& error : wrong.errors) error.reason = fill(error.reason, names);
    CAPTURE(wrong.method, wrong.target, wrong.what.body);
    const auto answer = rocd.ask(wrong.method, wrong.target, wrong.what);
    CHECK(answer.status == wrong.status);
    REQUIRE(answer.content_type == "application/problem+json");
    CHECK(answer.at("/status") == std::to_string(wrong.status));
    CHECK(answer.at("/error_code") == wrong.error_code);
    if (!wrong.detail.empty()) CHECK(answer.at("/detail") == fill(wrong.detail, names));
    CHECK(show(errors_of(answer)) == show(wrong.errors));
  }
  CHECK(state() == before);  // nothing was changed by any of them
}

// A stream that sends $OUT, but for one member of it.
Wrong stream(const std::string& source, const std::string& destination, const std::string& more,
             std::vector<FieldError> errors) {
  const auto from = source.empty() ? R"("connection_type": "endpoint",
                                        "endpoint_uri": "/peers/self/endpoints/$OUT")"
                                   : source;
  const auto to = destination.empty()
                      ? R"("connection_type": "external", "media_uri": "rtp://10.0.0.2:9002")"
                      : destination;
  Wrong wrong{"POST", "/streams", {}, 422, "validation_failed", "", std::move(errors)};
  wrong.what.body = "{\"source\": {" + from + "}, \"destination\": {" + to + "}" +
                    (more.empty() ? "" : ", " + more) + "}";
  return wrong;
}

Wrong to(const std::string& destination, std::vector<FieldError> errors) {
  return stream("", "\"connection_type\": \"external\", " + destination, "", std::move(errors));
}

Wrong settings(const std::string& member, std::vector<FieldError> errors) {
  return stream("", "", "\"settings\": {" + member + "}", std::move(errors));
}

Wrong endpoint(const std::string& members, std::vector<FieldError> errors) {
  return {"POST",
          "/peers/self/endpoints",
          {.body = "{" + members + "}"},
          422,
          "validation_failed",
          "the endpoint is not valid",
          std::move(errors)};
}

}  // namespace

TEST_CASE("Wrong request: what is not there") {
  check({
      {"GET", "/nothing", {}, 404, "not_found", "there is nothing at '/nothing'"},
      {"GET", "/streams/", {}, 404, "not_found", "there is nothing at '/streams/'"},
      {"GET", "/", {}, 404, "not_found", "there is nothing at '/'"},
      {"GET", "/peers/nobody", {}, 404, "not_found", "there is no peer 'nobody'"},
      {"PUT",
       "/peers/abc123-def456-ghi789",
       {.body = R"({"display_name": "x"})"},
       404,
       "not_found",
       "there is no peer 'abc123-def456-ghi789'"},
      {"GET",
       "/peers/abc123-def456-ghi789/endpoints",
       {},
       404,
       "not_found",
       "there is no peer 'abc123-def456-ghi789'"},
      {"POST",
       "/peers/abc123-def456-ghi789/endpoints",
       {.body = R"({"stream_direction": "output"})"},
       404,
       "not_found",
       "there is no peer 'abc123-def456-ghi789'"},
      {"GET",
       "/peers/self/endpoints/abc123-def456-ghi789",
       {},
       404,
       "not_found",
       "there is no endpoint 'abc123-def456-ghi789'"},
      {"PATCH",
       "/peers/self/endpoints/kitchen",
       {.body = R"({"muted": true})"},
       404,
       "not_found",
       "there is no endpoint 'kitchen'"},
      {"PUT",
       "/peers/self/endpoints/abc123-def456-ghi789",
       {.body = R"({"stream_direction": "output"})"},
       404,
       "not_found",
       "there is no endpoint 'abc123-def456-ghi789'"},
      {"GET",
       "/streams/abc123-def456-ghi789",
       {},
       404,
       "not_found",
       "there is no stream 'abc123-def456-ghi789'"},
      {"PATCH",
       "/streams/abc123-def456-ghi789",
       {.body = R"({"enabled": true})"},
       404,
       "not_found",
       "there is no stream 'abc123-def456-ghi789'"},
      {"DELETE", "/streams/to-kitchen", {}, 404, "not_found", "there is no stream 'to-kitchen'"},
      {"POST",
       "/streams/abc123-def456-ghi789/restart",
       {},
       404,
       "not_found",
       "there is no stream 'abc123-def456-ghi789'"},
      {"GET",
       "/streams/abc123-def456-ghi789/log",
       {},
       404,
       "not_found",
       "there is no stream 'abc123-def456-ghi789'"},
  });
}

TEST_CASE("Wrong request: methods that a resource has not") {
  check({
      {"POST",
       "/peers",
       {.body = "{}"},
       405,
       "method_not_allowed",
       "'POST' is not a method of /peers, allowed: GET, HEAD, OPTIONS"},
      {"DELETE",
       "/peers/self",
       {},
       405,
       "method_not_allowed",
       "'DELETE' is not a method of /peers/{peer_uid}, allowed: GET, HEAD, PUT, PATCH, OPTIONS"},
      {"DELETE",
       "/streams",
       {},
       405,
       "method_not_allowed",
       "'DELETE' is not a method of /streams, allowed: GET, HEAD, POST, OPTIONS"},
      {"GET",
       "/streams/$STREAM/restart",
       {},
       405,
       "method_not_allowed",
       "'GET' is not a method of /streams/{stream_uid}/restart, allowed: POST, OPTIONS"},
      {"PUT",
       "/system",
       {.body = "{}"},
       405,
       "method_not_allowed",
       "'PUT' is not a method of /system, allowed: GET, HEAD, OPTIONS"},
      {"TRACE",
       "/streams",
       {},
       405,
       "method_not_allowed",
       "'TRACE' is not a method of /streams, allowed: GET, HEAD, POST, OPTIONS"},
  });
}

TEST_CASE("Wrong request: from where it may not come") {
  check({
      {"GET",
       "/streams",
       {.host = "evil.example"},
       403,
       "forbidden",
       "the Host 'evil.example' is not a name of this computer"},
      {"POST",
       "/streams/$STREAM/restart",
       {.origin = "http://evil.example"},
       403,
       "forbidden",
       "a page of 'http://evil.example' may not use this daemon"},
      {"POST",
       "/streams/$STREAM/restart",
       {.origin = "null"},
       403,
       "forbidden",
       "a page of 'null' may not use this daemon"},
  });
}

TEST_CASE("Wrong request: query parameters") {
  const std::string log = "/streams/$STREAM/log";
  check({
      {"GET",
       "/streams?limit=3",
       {},
       422,
       "validation_failed",
       "a query parameter is not known here",
       {{"?limit", "unknown query parameter, none is expected"}}},
      {"GET",
       log + "?tail=3",
       {},
       422,
       "validation_failed",
       "a query parameter is not known here",
       {{"?tail", "unknown query parameter, expected one of: follow, lines"}}},
      {"GET",
       log + "?lines=-1&follow=maybe",
       {},
       422,
       "validation_failed",
       "a query parameter is wrong",
       {{"?lines", "expected a whole number from 0 to 500"},
        {"?follow", "expected true or false"}}},
      {"GET",
       log + "?lines=501",
       {},
       422,
       "validation_failed",
       "a query parameter is wrong",
       {{"?lines", "expected a whole number from 0 to 500"}}},
      {"GET",
       log + "?lines=",
       {},
       422,
       "validation_failed",
       "a query parameter is wrong",
       {{"?lines", "expected a whole number from 0 to 500"}}},
  });
}

TEST_CASE("Wrong request: bodies that are not read") {
  check({
      {"POST",
       "/streams",
       {},
       400,
       "malformed_request",
       "the body is empty, a JSON object is expected"},
      {"POST",
       "/streams",
       {.body = "{\"a\":"},
       400,
       "malformed_request",
       "the body is not JSON: it ends too early (line 1, column 6, offset 5)"},
      {"PUT",
       "/streams/$STREAM",
       {.body = "{\n  \"a\": x\n}"},
       400,
       "malformed_request",
       "the body is not JSON: syntax error (line 2, column 8, offset 9)"},
      {"PATCH",
       "/streams/$STREAM",
       {.body = "{} {}"},
       400,
       "malformed_request",
       "the body is not JSON: something follows the JSON value (line 1, column 4, offset 3)"},
      {"POST",
       "/streams",
       {.body = std::string(40, '[')},
       400,
       "malformed_request",
       "the body is not JSON: nested deeper than 32 levels (line 1, column 33, offset 32)"},
      {"PATCH",
       "/streams/$STREAM",
       {.body =
            R"({"enabled": true, "settings": {"fec": "rs8m", "fec": "ldpc"}, "enabled": false})"},
       400,
       "malformed_request",
       "a key of the JSON body appears twice",
       {{"/settings/fec", "key appears twice"}, {"/enabled", "key appears twice"}}},
      {"POST",
       "/streams",
       {.body = "{}", .content_type = ""},
       415,
       "unsupported_media_type",
       "Content-Type is missing, application/json is expected"},
      {"POST",
       "/streams",
       {.body = "{}", .content_type = "text/plain"},
       415,
       "unsupported_media_type",
       "Content-Type 'text/plain' is not read here, application/json is expected"},
      {"PATCH",
       "/streams/$STREAM",
       {.body = "[]", .content_type = "application/json-patch+json"},
       415,
       "unsupported_media_type",
       "Content-Type 'application/json-patch+json' is not read here, "
       "application/merge-patch+json or application/json is expected"},
      {"POST",
       "/streams/$STREAM/restart",
       {.body = R"({"delay": "5s"})"},
       422,
       "validation_failed",
       "this request takes no body",
       {{"", "nothing is expected here"}}},
  });
}

TEST_CASE("Wrong request: versions") {
  check({
      {"PATCH",
       "/streams/$STREAM",
       {.body = R"({"enabled": false})", .if_match = "\"7\""},
       412,
       "precondition_failed",
       "the version is 1, If-Match wants \"7\""},
      {"DELETE",
       "/streams/$STREAM",
       {.if_match = "\"7-abc\""},
       412,
       "precondition_failed",
       "the version is 1, If-Match wants \"7-abc\""},
      {"PUT",
       "/streams/abc123-def456-ghi789",
       {.body = "{}", .if_match = "*"},
       412,
       "precondition_failed",
       "If-Match is set, but there is no such resource yet"},
      {"PUT",
       "/streams/$STREAM",
       {.body = "{}", .if_none_match = "*"},
       412,
       "precondition_failed",
       "it exists with version 1, If-None-Match does not want that"},
      {"PATCH",
       "/peers/self/endpoints/$OUT",
       {.body = "{}", .if_match = "\"2\""},
       412,
       "precondition_failed",
       "the version is 1, If-Match wants \"2\""},
      {"PATCH",
       "/peers/self",
       {.body = "{}", .if_match = "\"9\""},
       412,
       "precondition_failed",
       "the version is 1, If-Match wants \"9\""},
  });
}

TEST_CASE("Wrong request: the shape of a stream") {
  check({
      {"POST",
       "/streams",
       {.body = "[]"},
       422,
       "validation_failed",
       "the stream is not valid",
       {{"", "expected an object"}}},
      {"POST",
       "/streams",
       {.body = "{}"},
       422,
       "validation_failed",
       "the stream is not valid",
       {{"/source", "missing"}, {"/destination", "missing"}}},
      stream(
          "", "", R"("colour": "red", "setings": {})",
          {{"/colour", "unknown field"}, {"/setings", "unknown field, did you mean 'settings'?"}}),
      stream("", "", R"("enabled": "yes", "display_name": 5)",
             {{"/display_name", "expected a string"}, {"/enabled", "expected true or false"}}),
      stream("", "", R"("stream_uid": "abc123-def456-ghi789")",
             {{"/stream_uid", "chosen by the daemon; to choose it, PUT to its path"}}),
      {"PUT",
       "/streams/$STREAM",
       {.body = R"({"stream_uid": "abc123-def456-ghi789", "source": 1, "destination": []})"},
       422,
       "validation_failed",
       "the stream is not valid",
       {{"/stream_uid", "'abc123-def456-ghi789' contradicts the path, which says '$STREAM'"},
        {"/source", "expected an object"},
        {"/destination", "expected an object"}}},
      {"PUT",
       "/streams/kitchen",
       {.body = "{}"},
       422,
       "validation_failed",
       "'kitchen' cannot be the uid of a stream",
       {{"/stream_uid", "not three groups of six from [0-9a-z]"}}},
      {"PATCH",
       "/streams/$STREAM",
       {.body = "[1]"},
       422,
       "validation_failed",
       "the stream is not valid",
       {{"", "expected an object"}}},
      {"PATCH",
       "/streams/$STREAM",
       {.body = R"({"source": null})"},
       422,
       "validation_failed",
       "the stream is not valid",
       {{"/source", "missing"}}},
      {"PATCH",
       "/streams/$STREAM",
       {.body = R"({"source": {"connection_type": "external"}})"},
       422,
       "validation_failed",
       "the stream is not valid",
       {{"/source/endpoint_uri", "unknown field"},
        {"/destination",
         "source and destination are both external: one of them must be an endpoint"}}},
  });
}

TEST_CASE("Wrong request: where a stream goes") {
  check({
      stream(R"("endpoint_uri": "/peers/self/endpoints/$OUT")", "", "",
             {{"/source/connection_type", "missing"}}),
      stream(R"("connection_type": "device")", "", "",
             {{"/source/connection_type", "'device' is not one of endpoint, external"}}),
      stream(R"("connection_type": "endpoint")", "", "", {{"/source/endpoint_uri", "missing"}}),
      stream(R"("connection_type": "endpoint", "endpoint_uri": "$OUT")", "", "",
             {{"/source/endpoint_uri",
               "'$OUT' is not the path of an endpoint, expected "
               "/peers/<peer uid or self>/endpoints/<endpoint uid>"}}),
      to(R"("media_uri": "http://10.0.0.2:9002")",
         {{"/destination/media_uri", "unknown scheme 'http', expected rtp, rtp+rs8m or rtp+ldpc"}}),
      to(R"("media_uri": "10.0.0.2:9002")",
         {{"/destination/media_uri",
           "'10.0.0.2:9002' is not an address, expected SCHEME://HOST:PORT"}}),
      to(R"("media_uri": "rtp://10.0.0.2")",
         {{"/destination/media_uri", "'rtp://10.0.0.2' has no port, expected SCHEME://HOST:PORT"}}),
      to(R"("media_uri": "rtp://10.0.0.2:65536", "control_uri": 3)",
         {{"/destination/media_uri", "'65536' is not a port, expected a number from 0 to 65535"},
          {"/destination/control_uri", "expected a string"}}),
      to(R"("media_uri": "rtp://a b:1")",
         {{"/destination/media_uri",
           "'a b' is not a host name, an IPv4 address or an IPv6 address in brackets"}}),
  });
}

TEST_CASE("Wrong request: what cannot be read does not hide what makes no sense") {
  check({
      settings(R"("target_latency": "10ms", "io_latency": "1h", "restart": "x",
                  "extra_args": ["-v"])",
               {{"/settings/restart", "'x' is not one of always, on_failure, never"},
                {"/settings/io_latency", "3600s is out of range, expected 1ms to 60s"},
                {"/settings/io_latency", "3600s must be below target_latency, which is 10ms"},
                {"/settings/extra_args",
                 "not allowed here; the configuration file allows them with "
                 "tools.allow_extra_args: true"}}),
      // What follows from the unreadable part is not told.
      settings(R"("profile": "fast", "io_latency": "200ms", "restart": "x")",
               {{"/settings/profile", "'fast' is not one of low, balanced, robust"},
                {"/settings/restart", "'x' is not one of always, on_failure, never"}}),
  });
}

TEST_CASE("Wrong request: the settings of a stream") {
  check({
      settings(R"("profile": "fast")",
               {{"/settings/profile", "'fast' is not one of low, balanced, robust"}}),
      settings(R"("target_latency": 200)", {{"/settings/target_latency", "expected a string"}}),
      settings(R"("target_latency": "200", "io_latency": "-1ms")",
               {{"/settings/target_latency",
                 "'200' is not a duration, expected a number and a unit such as '200ms' or "
                 "'1.5s', or 'auto'"},
                {"/settings/io_latency",
                 "'-1ms' is not a duration, expected a number and a unit such as '200ms' or "
                 "'1.5s', or 'auto'"}}),
      settings(R"("fec": "xor")",
               {{"/settings/fec", "'xor' is not one of none, rs8m, ldpc, auto"}}),
      settings(R"("restart": true)", {{"/settings/restart", "expected a string"}}),
      settings(R"("on_idle": "stop", "idle_after": "1ms")",
               {{"/settings/on_idle", "'stop' is not one of keep, pause"},
                {"/settings/idle_after", "1ms is out of range, expected 1s to 86400s"}}),
      settings(R"("resampler_profile": "best")",
               {{"/settings/resampler_profile", "'best' is not one of low, medium, high"}}),
      settings(R"("extra_args": ["-v", 3])", {{"/settings/extra_args/1", "expected a string"}}),
  });
}

TEST_CASE("Wrong request: what does not go together in a stream") {
  const std::string external = R"("connection_type": "external")";
  const auto at = [](const std::string& uid) {
    return R"("connection_type": "endpoint", "endpoint_uri": "/peers/self/endpoints/)" + uid + "\"";
  };
  check({
      stream(at("abc123-def456-ghi789"), "", "",
             {{"/source/endpoint_uri", "there is no endpoint 'abc123-def456-ghi789'"}}),
      stream(
          R"("connection_type": "endpoint",
                "endpoint_uri": "/peers/abc123-def456-ghi789/endpoints/$OUT")",
          "", "",
          {{"/source/endpoint_uri",
            "this version carries audio only between endpoints of the peer that is asked; use an "
            "external address to reach another one"}}),
      stream(external + R"(, "media_uri": "rtp://0.0.0.0:0")", "", "",
             {{"/destination",
               "source and destination are both external: one of them must be an endpoint"}}),
      stream(at("$SPEAKERS"), at("$SPEAKERS"), "",
             {{"/destination", "source and destination are the same endpoint"}}),
      stream("", at("$KITCHEN"), "",
             {{"/destination/endpoint_uri",
               "'Kitchen speakers' is a virtual output: applications play into it, so it can be a "
               "source of streams, not a destination"}}),
      stream(at("$MIC"), "", "",
             {{"/source/endpoint_uri",
               "'Microphone' is a virtual input: applications record from it, so it can be a "
               "destination of streams, not a source"}}),
      to(R"("control_uri": "rtcp://10.0.0.2:9003")",
         {{"/destination/media_uri", "missing: where to send to"}}),
      to(R"("media_uri": "rtp+rs8m://10.0.0.2:9002")",
         {{"/destination/repair_uri",
           "missing: 'rtp+rs8m' needs a repair address with scheme 'rs8m'"}}),
      to(R"("media_uri": "rtp+rs8m://10.0.0.2:9002", "repair_uri": "ldpc://10.0.0.2:9003")",
         {{"/destination/repair_uri",
           "scheme 'ldpc' does not go with 'rtp+rs8m', expected 'rs8m'"}}),
      to(R"("media_uri": "rtp://10.0.0.2:9002", "repair_uri": "rs8m://10.0.0.2:9003")",
         {{"/destination/repair_uri",
           "'rtp' has no error correction, so there must be no repair address; use rtp+rs8m for "
           "media"}}),
      to(R"("media_uri": "rtp://10.0.0.2:9002", "control_uri": "rtp://10.0.0.2:9002")",
         {{"/destination/control_uri", "scheme 'rtp' does not belong here, expected rtcp"},
          {"/destination/control_uri", "port 9002 is already that of /destination/media_uri"}}),
      to(R"("media_uri": "rtp://0.0.0.0:0")",
         {{"/destination/media_uri", "port 0 means 'choose', which only the receiving side can do"},
          {"/destination/media_uri",
           "'0.0.0.0' means all addresses of this computer, expected the address of a receiver"}}),
      stream(external + R"(, "media_uri": "rtp://studio:0")", at("$MIC"), "",
             {{"/source/media_uri",
               "'studio' is not an IP address; a receiving stream binds an address of this "
               "computer, 0.0.0.0 for all of them"}}),
      stream(external + R"(, "media_uri": "rtp://0.0.0.0:9500")", at("$MIC"), "",
             {{"/source/media_uri", "port 9500 is already used by stream 'Second' ($RECEIVER)"}}),
      settings(R"("fec": "rs8m")",
               {{"/settings/fec", "'rs8m' contradicts the media address, which says 'none'"}}),
      settings(R"("target_latency": "100ms", "io_latency": "100ms")",
               {{"/settings/io_latency", "100ms must be below target_latency, which is 100ms"}}),
      settings(R"("packet_length": "100ms", "target_latency": "2m")",
               {{"/settings/target_latency", "120s is out of range, expected 1ms to 60s"},
                {"/settings/packet_length", "100ms is out of range, expected 1ms to 60ms"}}),
      settings(R"("extra_args": ["--output=alsa://default"])",
               {{"/settings/extra_args",
                 "not allowed here; the configuration file allows them with "
                 "tools.allow_extra_args: true"}}),
      {"PATCH",
       "/streams/$STREAM",
       {.body = R"({"destination": {"media_uri": null}})"},
       422,
       "validation_failed",
       "the stream cannot work as asked for",
       {{"/destination/media_uri", "missing: where to send to"}}},
      {"PATCH",
       "/streams/$TO_KITCHEN",
       {.body = R"({"display_name": "x"})"},
       409,
       "read_only",
       "the stream belongs to the configuration file: it can be changed only there "
       "(rocd.yaml:7:5)"},
      {"PUT",
       "/streams/$TO_KITCHEN",
       {.body = R"({"source": {"connection_type": "endpoint",
                               "endpoint_uri": "/peers/self/endpoints/$KITCHEN"},
                    "destination": {"connection_type": "external",
                                    "media_uri": "rtp://192.168.1.20:10001"}})"},
       409,
       "read_only",
       "the stream belongs to the configuration file: it can be changed only there "
       "(rocd.yaml:7:5)"},
      {"DELETE",
       "/streams/$TO_KITCHEN",
       {},
       409,
       "read_only",
       "the stream belongs to the configuration file: it cannot be deleted (rocd.yaml:7:5)"},
  });
}

TEST_CASE("Wrong request: endpoints") {
  check({
      endpoint("", {{"/stream_direction", "missing"}}),
      endpoint(R"("stream_direction": "sideways")",
               {{"/stream_direction", "'sideways' is not one of input, output, duplex"}}),
      endpoint(R"("stream_direction": "duplex")",
               {{"/stream_direction",
                 "a virtual device is 'output' or 'input'; for both directions make two"}}),
      endpoint(R"("stream_direction": "output", "endpoint_type": "system_device")",
               {{"/endpoint_type",
                 "a system_device is found, not made; only a streaming_device can be made"}}),
      endpoint(R"("stream_direction": "output", "channels": 0, "sample_rate": 44100.5,
                  "volume": 5, "muted": 1)",
               {{"/channels", "expected an integer from 1 to 8"},
                {"/sample_rate", "expected an integer from 8000 to 192000"},
                {"/volume", "expected a number from 0 to 4"},
                {"/muted", "expected true or false"}}),
      endpoint(R"("stream_direction": "output", "display_name": "a\nb")",
               {{"/display_name", "control characters are not allowed"}}),
      endpoint(R"("stream_direction": "output", "chanels": 2)",
               {{"/chanels", "unknown field, did you mean 'channels'?"}}),
      {"POST",
       "/peers/self/endpoints",
       {.body = R"({"stream_direction": "output", "system_name": "rocd.kitchen"})"},
       409,
       "conflict",
       "another endpoint is called 'rocd.kitchen' already"},
      {"PATCH",
       "/peers/self/endpoints/$OUT",
       {.body = R"({"stream_direction": "input"})"},
       422,
       "validation_failed",
       "the endpoint is not valid",
       {{"/stream_direction", "cannot be changed: create another endpoint"}}},
      {"PATCH",
       "/peers/self/endpoints/$KITCHEN",
       {.body = R"({"display_name": "x"})"},
       409,
       "read_only",
       "the endpoint belongs to the configuration file (rocd.yaml:3:5)",
       {{"/display_name", "cannot be changed"}}},
      {"PATCH",
       "/peers/self/endpoints/$SPEAKERS",
       {.body = R"({"display_name": "x"})"},
       409,
       "read_only",
       "the endpoint is a device of the sound system",
       {{"/display_name", "cannot be changed"}}},
      {"PUT",
       "/peers/self/endpoints/$KITCHEN",
       {.body = R"({"stream_direction": "output", "display_name": "x"})"},
       409,
       "read_only",
       "the endpoint belongs to the configuration file (rocd.yaml:3:5)",
       {{"/display_name", "cannot be changed"}}},
      {"PUT",
       "/peers/self/endpoints/$OUT",
       {.body = R"({"display_name": "x"})"},
       422,
       "validation_failed",
       "the endpoint is not valid",
       {{"/stream_direction", "missing"}}},
      {"DELETE",
       "/peers/self/endpoints/$KITCHEN",
       {},
       409,
       "read_only",
       "the endpoint belongs to the configuration file (rocd.yaml:3:5)"},
      {"DELETE",
       "/peers/self/endpoints/$SPEAKERS",
       {},
       409,
       "conflict",
       "a device of the sound system cannot be removed"},
      {"DELETE",
       "/peers/self/endpoints/$OUT",
       {},
       409,
       "conflict",
       "the endpoint is in use by /streams/$STREAM"},
  });
}

TEST_CASE("Wrong request: the peer") {
  check({
      {"PATCH",
       "/peers/self",
       {.body = R"({"display_name": 5, "hostname": "x"})"},
       422,
       "validation_failed",
       "the peer is not valid",
       {{"/display_name", "expected a string"},
        {"/hostname", "unknown field, did you mean 'host_name'?"}}},
      {"PUT",
       "/peers/self",
       {.body = R"({"display_name": "", "peer_uid": "self"})"},
       422,
       "validation_failed",
       "the peer is not valid",
       {{"/peer_uid", "'self' contradicts the path, which says '$SELF'"},
        {"/display_name", "must not be empty"}}},
  });
}
