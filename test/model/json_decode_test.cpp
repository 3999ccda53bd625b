// What clients write: everything comes back as it was, and every mistake has its place and reason.
#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "model/samples.hpp"

using namespace rocd;
using namespace rocd::test;
using boost::json::parse;

namespace {

const DecodeContext create{self, {}};  // POST

std::string show(const std::vector<FieldError>& errors) {
  std::string text;
  for (const auto& error : errors) text += error.path + ": " + error.reason + "\n";
  return text;
}

template <class T>
std::string errors_of(const Result<T>& decoded) {
  if (!decoded) CHECK(decoded.error().code == ErrorCode::invalid_argument);
  return decoded ? "valid" : show(decoded.error().fields);
}

std::string stream_errors(const std::string& body, const DecodeContext& context = create) {
  return errors_of(decode_stream(parse(body), context));
}
std::string endpoint_errors(const std::string& body, const DecodeContext& context = create) {
  return errors_of(decode_endpoint(parse(body), context));
}
std::string peer_errors(const std::string& body) {
  return errors_of(decode_peer(parse(body), {self, self}));
}

// A right stream with other members.
std::string stream_with(const std::string& members) {
  return R"({"source": {"connection_type": "endpoint",
    "endpoint_uri": "/peers/self/endpoints/111111-222222-333333"},
    "destination": {"connection_type": "external", "media_uri": "rtp://10.0.0.1:5"}, )" +
         members + "}";
}
std::string endpoint_with(const std::string& members) {
  return R"({"stream_direction": "output", )" + members + "}";
}

}  // namespace

TEST_CASE("a stream that is encoded and decoded is the same stream") {
  auto full = make_receive();
  full.enabled = false;
  full.settings = {Profile::low,
                   60ms,
                   10ms,
                   2500us,
                   FecScheme::rs8m,
                   ResamplerProfile::high,
                   RestartPolicy::never,
                   OnIdle::pause,
                   30s,
                   {"--latency-backend=niq", "--beep"}};
  auto choosing = make_receive();
  choosing.display_name = "";
  choosing.source = ExternalAddress{};
  auto local = make_send();
  local.destination = EndpointRef{other_peer, stream_uid};
  for (const auto& spec : {make_send(), full, choosing, local}) {
    const auto decoded = decode_stream(writable_json(spec), {self, stream_uid});
    REQUIRE(decoded.has_value());
    CHECK(*decoded == spec);
  }
}

TEST_CASE("every word of a setting comes back as the same word") {
  auto spec = make_send();
  const auto check = [&] {
    const auto decoded = decode_stream(writable_json(spec), {self, stream_uid});
    REQUIRE(decoded.has_value());
    CHECK(*decoded == spec);
  };
  for (const auto v : {Profile::low, Profile::balanced, Profile::robust}) {
    spec.settings.profile = v;
    check();
  }
  for (const auto v : {ResamplerProfile::low, ResamplerProfile::medium, ResamplerProfile::high}) {
    spec.settings.resampler_profile = v;
    check();
  }
  for (const auto v : {RestartPolicy::always, RestartPolicy::on_failure, RestartPolicy::never}) {
    spec.settings.restart = v;
    check();
  }
  for (const auto v : {OnIdle::keep, OnIdle::pause}) {
    spec.settings.on_idle = v;
    check();
  }
  spec.settings.idle_after = 30s;
  check();
  for (const auto v : {FecScheme::none, FecScheme::rs8m, FecScheme::ldpc}) {
    spec.settings.fec = v;
    check();
  }
}

TEST_CASE("an endpoint that is encoded and decoded is the same endpoint") {
  auto microphone = make_endpoint(StreamDirection::duplex);
  microphone.type = EndpointType::system_device;
  microphone.name = "";
  microphone.system_name = "alsa_input.pci-0000_00_1f.3.analog-stereo";
  microphone.channels = 0;  // unknown as long as it is absent
  for (const auto& spec : {make_endpoint(StreamDirection::output),
                           make_endpoint(StreamDirection::input), microphone}) {
    const auto decoded = decode_endpoint(writable_json(spec), {self, endpoint_uid});
    REQUIRE(decoded.has_value());
    CHECK(*decoded == spec);
  }
}

TEST_CASE("what GET shows can be sent back with PUT") {
  Stream stream{make_send(), {}};
  stream.status.exits = {{}};
  const auto decoded = decode_stream(to_json(stream), {self, stream_uid});
  REQUIRE(decoded.has_value());
  CHECK(*decoded == stream.spec);

  const Endpoint endpoint{make_endpoint(), {}};
  const auto same = decode_endpoint(to_json(endpoint, self), {self, endpoint_uid});
  REQUIRE(same.has_value());
  CHECK(*same == endpoint.spec);

  const Peer peer{self, "Studio", "studio.local", true, 2};
  CHECK(decode_peer(to_json(peer), {self, self})->display_name == "Studio");
}

TEST_CASE("what a PUT of a system device leaves out is the device's own") {
  const auto decoded = decode_endpoint(parse(R"({"stream_direction": "input", "volume": 0.5})"),
                                       {self, endpoint_uid, EndpointType::system_device});
  REQUIRE(decoded.has_value());
  CHECK(decoded->type == EndpointType::system_device);
  CHECK(decoded->channels == 0);
  CHECK(decoded->sample_rate == 0);
  CHECK(decoded->volume == 0.5);
}

TEST_CASE("a system device does not become a virtual one") {
  const auto body = parse(R"({"endpoint_type": "streaming_device", "stream_direction": "input"})");
  const auto decoded = decode_endpoint(body, {self, endpoint_uid, EndpointType::system_device});
  REQUIRE(decoded.has_error());
  REQUIRE(decoded.error().fields.size() == 1);
  CHECK(decoded.error().fields[0] == FieldError{"/endpoint_type", "cannot be changed"});
}

TEST_CASE("what is left out of a new stream has its default") {
  const auto spec = decode_stream(parse(stream_with(R"("enabled": true)")), create);
  REQUIRE(spec.has_value());
  CHECK(spec->uid.empty());
  CHECK(spec->settings == StreamSettings{});
  CHECK(std::get<EndpointRef>(spec->source) == EndpointRef{self, endpoint_uid});
}

TEST_CASE("an empty address or identity is a missing one, for upstream's clients") {
  const auto spec = decode_stream(parse(R"({"stream_uri": "", "stream_uid": "",
    "source": {"connection_type": "endpoint",
      "endpoint_uri": "/peers/aaaaaa-bbbbbb-cccccc/endpoints/111111-222222-333333"},
    "destination": {"connection_type": "external", "media_uri": "rtp://10.0.0.1:5",
      "repair_uri": "", "control_uri": ""}})"),
                                  create);
  REQUIRE(spec.has_value());
  CHECK(std::get<ExternalAddress>(spec->destination) ==
        ExternalAddress{uri("rtp://10.0.0.1:5"), {}, {}});
}

TEST_CASE("every mistake in a stream is reported with its place") {
  struct Row {
    std::string body, errors;
  };
  const std::string duration =
      "is not a duration, expected a number and a unit such as '200ms' or '1.5s', or 'auto'\n";
  const Row table[] = {
      {"[]", ": expected an object\n"},
      {"null", ": expected an object\n"},
      {"{}", "/source: missing\n/destination: missing\n"},
      {stream_with(R"("colour": 1)"), "/colour: unknown field\n"},
      {stream_with(R"("a/b~c": 1)"), "/a~1b~0c: unknown field\n"},
      {stream_with(R"("setings": {})"), "/setings: unknown field, did you mean 'settings'?\n"},
      {stream_with(R"("name": "x")"), "/name: unknown field\n"},
      {stream_with(R"("enabled": 1)"), "/enabled: expected true or false\n"},
      {stream_with(R"("enabled": null)"), "/enabled: expected true or false\n"},
      {stream_with(R"("display_name": 1)"), "/display_name: expected a string\n"},
      {stream_with(R"("display_name": "a\u0000b")"),
       "/display_name: control characters are not allowed\n"},
      {stream_with(R"("display_name": "a\u0085b")"),
       "/display_name: control characters are not allowed\n"},
      {stream_with("\"display_name\": \"" + std::string(201, 'x') + "\""),
       "/display_name: 201 characters, expected at most 200\n"},
      {stream_with(R"("stream_uid": "rx4sse-w0zas1-gf2s1o")"),
       "/stream_uid: chosen by the daemon; to choose it, PUT to its path\n"},
      {stream_with(R"("settings": [])"), "/settings: expected an object\n"},
      {stream_with(R"("settings": {"latency": "1s"})"), "/settings/latency: unknown field\n"},
      {stream_with(R"("settings": {"target_latenci": "1s"})"),
       "/settings/target_latenci: unknown field, did you mean 'target_latency'?\n"},
      {stream_with(R"("settings": {"profile": "fast", "restart": "Always"})"),
       "/settings/profile: 'fast' is not one of low, balanced, robust\n"
       "/settings/restart: 'Always' is not one of always, on_failure, never\n"},
      {stream_with(R"("settings": {"resampler_profile": "best", "fec": "rs8"})"),
       "/settings/fec: 'rs8' is not one of none, rs8m, ldpc, auto\n"
       "/settings/resampler_profile: 'best' is not one of low, medium, high\n"},
      {stream_with(R"("settings": {"fec": null})"), "/settings/fec: expected a string\n"},
      {stream_with("\"settings\": {\"fec\": \"" + std::string(1000, 'x') + "\"}"),
       "/settings/fec: 1000 characters, expected at most 200\n"},
      {stream_with(R"("settings": {"target_latency": 200, "io_latency": "20",
                                   "packet_length": "-1ms"})"),
       "/settings/target_latency: expected a string\n"
       "/settings/io_latency: '20' " +
           duration + "/settings/packet_length: '-1ms' " + duration},
      {stream_with(R"("settings": {"target_latency": ""})"),
       "/settings/target_latency: '' " + duration},
      {stream_with(R"("settings": {"extra_args": "--beep"})"),
       "/settings/extra_args: expected an array of strings\n"},
      {stream_with(R"("settings": {"extra_args": ["--beep", 1, "a\nb"]})"),
       "/settings/extra_args/1: expected a string\n"
       "/settings/extra_args/2: control characters are not allowed\n"},
  };
  for (const auto& row : table) {
    CAPTURE(row.body);
    CHECK(stream_errors(row.body) == row.errors);
  }
}

TEST_CASE("every mistake in a connection is reported with its place") {
  struct Row {
    std::string connection, errors;
  };
  const std::string not_a_path =
      "is not the path of an endpoint, expected /peers/<peer uid or self>/endpoints/<endpoint "
      "uid>\n";
  const Row table[] = {
      {"null", "/source: expected an object\n"},
      {R"("/peers/self")", "/source: expected an object\n"},
      {"{}", "/source/connection_type: missing\n"},
      {R"({"endpoint_uri": "x"})", "/source/connection_type: missing\n"},
      {R"({"connection_type": "device"})",
       "/source/connection_type: 'device' is not one of endpoint, external\n"},
      {R"({"connection_type": "endpoint"})", "/source/endpoint_uri: missing\n"},
      {R"({"connection_type": "endpoint", "endpoint_uri": 5})",
       "/source/endpoint_uri: expected a string\n"},
      {R"({"connection_type": "endpoint", "endpoint_uri": "kitchen"})",
       "/source/endpoint_uri: 'kitchen' " + not_a_path},
      {R"({"connection_type": "endpoint", "endpoint_uri": "/peers/self/endpoints/"})",
       "/source/endpoint_uri: '/peers/self/endpoints/' " + not_a_path},
      {R"({"connection_type": "endpoint",
           "endpoint_uri": "/peers/me/endpoints/111111-222222-333333"})",
       "/source/endpoint_uri: '/peers/me/endpoints/111111-222222-333333' " + not_a_path},
      {R"({"connection_type": "endpoint", "media_uri": "rtp://10.0.0.1:5",
           "endpoint_uri": "/peers/self/endpoints/111111-222222-333333"})",
       "/source/media_uri: unknown field\n"},
      {R"({"connection_type": "external", "media_uri": "rtp://1.2.3.4", "repair_uri": 1,
           "control_uri": "rtcp://1.2.3.4:x", "media_url": ""})",
       "/source/media_uri: 'rtp://1.2.3.4' has no port, expected SCHEME://HOST:PORT\n"
       "/source/repair_uri: expected a string\n"
       "/source/control_uri: 'x' is not a port, expected a number from 0 to 65535\n"
       "/source/media_url: unknown field, did you mean 'media_uri'?\n"},
  };
  for (const auto& row : table) {
    CAPTURE(row.connection);
    const auto body = R"({"source": )" + row.connection + R"(, "destination":
      {"connection_type": "external", "media_uri": "rtp://10.0.0.1:5"}})";
    CHECK(stream_errors(body) == row.errors);
  }
}

TEST_CASE("every mistake in an endpoint is reported with its place") {
  struct Row {
    std::string body, errors;
  };
  const std::string not_a_name =
      "is not 'rocd.' and a name of at most 63 letters a-z, digits, '-' and '_'\n";
  const Row table[] = {
      {"1", ": expected an object\n"},
      {"{}", "/stream_direction: missing\n"},
      {R"({"stream_direction": "both"})",
       "/stream_direction: 'both' is not one of input, output, duplex\n"},
      {R"({"stream_direction": "duplex"})",
       "/stream_direction: a virtual device is 'output' or 'input'; for both directions make "
       "two\n"},
      {endpoint_with(R"("endpoint_type": "system_device")"),
       "/endpoint_type: a system_device is found, not made; only a streaming_device can be made\n"},
      {endpoint_with(R"("endpoint_type": "device")"),
       "/endpoint_type: 'device' is not one of system_device, streaming_device\n"},
      {endpoint_with(R"("driver": "alsa")"),
       "/driver: 'alsa' is not one of unspecified, pipewire\n"},
      {endpoint_with(R"("channels": 0)"), "/channels: expected an integer from 1 to 8\n"},
      {endpoint_with(R"("channels": 9)"), "/channels: expected an integer from 1 to 8\n"},
      {endpoint_with(R"("channels": 2.5)"), "/channels: expected an integer from 1 to 8\n"},
      {endpoint_with(R"("channels": "2")"), "/channels: expected an integer from 1 to 8\n"},
      {endpoint_with(R"("channels": 18446744073709551615)"),
       "/channels: expected an integer from 1 to 8\n"},
      {endpoint_with(R"("sample_rate": 7999)"),
       "/sample_rate: expected an integer from 8000 to 192000\n"},
      {endpoint_with(R"("sample_rate": 192001)"),
       "/sample_rate: expected an integer from 8000 to 192000\n"},
      {endpoint_with(R"("volume": -0.1)"), "/volume: expected a number from 0 to 4\n"},
      {endpoint_with(R"("volume": 4.1)"), "/volume: expected a number from 0 to 4\n"},
      {endpoint_with(R"("volume": 1e999)"), "/volume: expected a number from 0 to 4\n"},
      {endpoint_with(R"("volume": "1")"), "/volume: expected a number from 0 to 4\n"},
      {endpoint_with(R"("muted": 0, "is_default": "no")"),
       "/muted: expected true or false\n/is_default: expected true or false\n"},
      {endpoint_with(R"("system_name": "kitchen")"), "/system_name: 'kitchen' " + not_a_name},
      {endpoint_with(R"("system_name": "rocd.")"), "/system_name: 'rocd.' " + not_a_name},
      {endpoint_with(R"("system_name": "rocd.Kitchen")"),
       "/system_name: 'rocd.Kitchen' " + not_a_name},
      {endpoint_with(R"("endpoint_uid": "111111-222222-333333")"),
       "/endpoint_uid: chosen by the daemon\n"},
      {endpoint_with(R"("sample_rates": 1, "chanels": 2)"),
       "/sample_rates: unknown field, did you mean 'sample_rate'?\n"
       "/chanels: unknown field, did you mean 'channels'?\n"},
  };
  for (const auto& row : table) {
    CAPTURE(row.body);
    CHECK(endpoint_errors(row.body) == row.errors);
  }
}

TEST_CASE("a body that says which resource it is must say that of the path") {
  const DecodeContext at_stream{self, stream_uid};
  CHECK(stream_errors(stream_with(R"("stream_uid": "rx4sse-w0zas1-gf2s1o",
                                     "stream_uri": "/streams/rx4sse-w0zas1-gf2s1o")"),
                      at_stream) == "valid");
  CHECK(stream_errors(stream_with(R"("stream_uid": "111111-222222-333333",
                                     "stream_uri": "/streams/111111-222222-333333")"),
                      at_stream) ==
        "/stream_uid: '111111-222222-333333' contradicts the path, which says "
        "'rx4sse-w0zas1-gf2s1o'\n"
        "/stream_uri: '/streams/111111-222222-333333' contradicts the path, which says "
        "'/streams/rx4sse-w0zas1-gf2s1o'\n");

  const DecodeContext at_endpoint{self, endpoint_uid};
  for (const auto* peer : {"self", "aaaaaa-bbbbbb-cccccc"})
    CHECK(endpoint_errors(endpoint_with(fmt::format(
                              R"("endpoint_uid": "111111-222222-333333",
                                 "endpoint_uri": "/peers/{}/endpoints/111111-222222-333333")",
                              peer)),
                          at_endpoint) == "valid");
  CHECK(
      endpoint_errors(endpoint_with(R"("endpoint_uri": "/peers/self/endpoints/x")"), at_endpoint) ==
      "/endpoint_uri: '/peers/self/endpoints/x' contradicts the path, which says "
      "'/peers/aaaaaa-bbbbbb-cccccc/endpoints/111111-222222-333333'\n");

  CHECK(peer_errors(R"({"peer_uri": "/peers/self"})") == "valid");
  CHECK(peer_errors(R"({"peer_uid": "x", "display_name": "", "is_selfish": true})") ==
        "/peer_uid: 'x' contradicts the path, which says 'aaaaaa-bbbbbb-cccccc'\n"
        "/display_name: must not be empty\n"
        "/is_selfish: unknown field\n");
  CHECK(peer_errors("7") == ": expected an object\n");
}

TEST_CASE("a body of nothing but unknown fields gets a short answer") {
  std::string body = R"({"stream_direction": "output")";
  for (int i = 0; i < 5000; ++i) body += fmt::format(R"(, "field{}": 0)", i);
  const auto decoded = decode_endpoint(parse(body + "}"), create);
  REQUIRE(decoded.has_error());
  CHECK(decoded.error().fields.size() == 21);
  CHECK(decoded.error().fields.back() == FieldError{"", "4980 more unknown fields"});
}

TEST_CASE("the path of an endpoint names a peer and an endpoint") {
  const EndpointRef here{self, endpoint_uid};
  CHECK(parse_endpoint_uri("/peers/self/endpoints/111111-222222-333333", self) == here);
  CHECK(parse_endpoint_uri(endpoint_uri(self, endpoint_uid), self) == here);
  CHECK(parse_endpoint_uri(endpoint_uri(other_peer, endpoint_uid), self) ==
        EndpointRef{other_peer, endpoint_uid});
  for (const auto* wrong :
       {"", "/peers/self", "/peers/self/endpoints/", "/peers//endpoints/111111-222222-333333",
        "/peers/self/endpoints/111111-222222-333333/", "/peers/self/endpoints/self",
        "/streams/111111-222222-333333", "peers/self/endpoints/111111-222222-333333",
        "/peers/self/endpoints/111111-222222-33333Z"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_endpoint_uri(wrong, self).has_value());
  }
}
