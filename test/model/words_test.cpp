// The words of endpoints and streams, and what each endpoint can be used for.
#include <catch2/catch_test_macros.hpp>
#include <string>

#include "model/endpoint.hpp"
#include "model/peer.hpp"
#include "model/stream.hpp"

using namespace rocd;

namespace {

const Uid peer = *Uid::parse("aaaaaa-bbbbbb-cccccc");
const Uid uid = *Uid::parse("rx4sse-w0zas1-gf2s1o");

}  // namespace

TEST_CASE("URIs are the paths of the REST API") {
  CHECK(peer_uri(peer) == "/peers/aaaaaa-bbbbbb-cccccc");
  CHECK(endpoint_uri(peer, uid) == "/peers/aaaaaa-bbbbbb-cccccc/endpoints/rx4sse-w0zas1-gf2s1o");
  CHECK(stream_uri(uid) == "/streams/rx4sse-w0zas1-gf2s1o");
}

TEST_CASE("the words of the REST API are those of upstream and of the design") {
  CHECK(to_string(EndpointType::system_device) == "system_device");
  CHECK(to_string(EndpointType::streaming_device) == "streaming_device");
  CHECK(to_string(StreamDirection::input) == "input");
  CHECK(to_string(StreamDirection::output) == "output");
  CHECK(to_string(StreamDirection::duplex) == "duplex");
  CHECK(to_string(Origin::config) == "config");
  CHECK(to_string(Origin::api) == "api");
  CHECK(to_string(Origin::peer) == "peer");
  CHECK(to_string(Origin::system) == "system");
  CHECK(to_string(EndpointState::absent) == "absent");
  CHECK(to_string(EndpointState::present) == "present");
  CHECK(to_string(StreamState::stopped) == "stopped");
  CHECK(to_string(StreamState::waiting) == "waiting");
  CHECK(to_string(StreamState::starting) == "starting");
  CHECK(to_string(StreamState::running) == "running");
  CHECK(to_string(StreamState::backoff) == "backoff");
  CHECK(to_string(StreamState::stopping) == "stopping");
  CHECK(to_string(StreamState::failed) == "failed");
  CHECK(to_string(StreamKind::send) == "send");
  CHECK(to_string(StreamKind::receive) == "receive");
  CHECK(to_string(StreamKind::local) == "local");
  CHECK(to_string(Health::inactive) == "inactive");
  CHECK(to_string(Health::healthy) == "healthy");
  CHECK(to_string(Health::partially_healthy) == "partially_healthy");
  CHECK(to_string(Health::unhealthy) == "unhealthy");
  CHECK(to_string(ExitRecord::Kind::exit) == "exit");
  CHECK(to_string(ExitRecord::Kind::signal) == "signal");
  CHECK(to_string(ExitRecord::Kind::spawn_error) == "spawn_error");
}

TEST_CASE("a virtual device carries audio one way, a system output both ways") {
  struct Row {
    EndpointType type;
    StreamDirection direction;
    bool source, destination;
  };
  using enum EndpointType;
  using enum StreamDirection;
  const Row table[] = {
      {streaming_device, output, true, false},  // what applications play into it
      {streaming_device, input, false, true},   // applications record what a stream brings
      {streaming_device, duplex, true, true},
      {system_device, output, true, true},  // its monitor, the loudspeakers
      {system_device, input, true, false},  // a microphone
      {system_device, duplex, true, true},
  };
  for (const auto& row : table) {
    CAPTURE(to_string(row.type), to_string(row.direction));
    EndpointSpec spec;
    spec.type = row.type;
    spec.direction = row.direction;
    CHECK(can_be_source(spec) == row.source);
    CHECK(can_be_destination(spec) == row.destination);
  }
}

TEST_CASE("what a stream connects decides its kind") {
  const Connection here = EndpointRef{peer, uid};
  const Connection there = ExternalAddress{};
  StreamSpec spec;
  const auto kind = [&](const Connection& source, const Connection& destination) {
    spec.source = source;
    spec.destination = destination;
    return kind_of(spec);
  };
  CHECK(kind(here, there) == StreamKind::send);
  CHECK(kind(there, here) == StreamKind::receive);
  CHECK(kind(here, here) == StreamKind::local);
  CHECK(kind(there, there) == std::nullopt);
}

TEST_CASE("the name of an endpoint needs no quoting anywhere") {
  for (const auto* name : {"a", "0", "kitchen", "a-b_c", "9lives"}) {
    CAPTURE(name);
    CHECK(is_endpoint_name(name));
  }
  CHECK(is_endpoint_name(std::string(63, 'a')));
  for (const auto* name : {"", "-a", "_a", "A", "a b", "a.b", "a/b", "kü", "a\n"}) {
    CAPTURE(name);
    CHECK_FALSE(is_endpoint_name(name));
  }
  CHECK_FALSE(is_endpoint_name(std::string(64, 'a')));
}
