// What goes with what: one changed detail of a right spec, and the errors it must give.
#include "model/validate.hpp"

#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "model/samples.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

Uid numbered(int number) {
  return Uid::derive("test", "uid", std::to_string(number));
}

// The endpoints of a small host, the streams that exist there, and the rules asked about one more.
class World {
 public:
  World() {
    add(virtual_output, EndpointType::streaming_device, StreamDirection::output, "Kitchen");
    add(virtual_input, EndpointType::streaming_device, StreamDirection::input, "Microphone");
    add(speakers, EndpointType::system_device, StreamDirection::output, "Speakers");
    add(line_in, EndpointType::system_device, StreamDirection::input, "");
    endpoints_[line_in].system_name = "alsa_input.pci";
  }

  static inline const Uid virtual_output = numbered(1);
  static inline const Uid virtual_input = numbered(2);
  static inline const Uid speakers = numbered(3);
  static inline const Uid line_in = numbered(4);

  std::vector<StreamSpec> streams;
  bool allow_extra_args = false;

  static Connection at(const Uid& endpoint) { return EndpointRef{self, endpoint}; }

  [[nodiscard]] std::string errors_of(const StreamSpec& spec) const {
    ValidationContext context;
    context.self = self;
    context.find_endpoint = [&](const Uid& uid) {
      const auto found = endpoints_.find(uid);
      return found == endpoints_.end() ? nullptr : &found->second;
    };
    context.each_stream = [&](const auto& visit) {
      for (const auto& stream : streams) visit(stream);
    };
    context.allow_extra_args = allow_extra_args;
    std::string text;
    for (const auto& error : validate(spec, context))
      text += error.path + ": " + error.reason + "\n";
    return text;
  }

 private:
  void add(const Uid& uid, EndpointType type, StreamDirection direction, std::string name) {
    auto& spec = endpoints_[uid];
    spec.uid = uid;
    spec.type = type;
    spec.direction = direction;
    spec.display_name = std::move(name);
  }
  std::map<Uid, EndpointSpec> endpoints_;
};

ExternalAddress addresses(const char* media, const char* repair = nullptr,
                          const char* control = nullptr) {
  ExternalAddress address;
  if (media != nullptr) address.media = uri(media);
  if (repair != nullptr) address.repair = uri(repair);
  if (control != nullptr) address.control = uri(control);
  return address;
}

StreamSpec sending(ExternalAddress to) {
  StreamSpec spec;
  spec.uid = stream_uid;
  spec.source = World::at(World::virtual_output);
  spec.destination = std::move(to);
  return spec;
}

StreamSpec receiving(ExternalAddress from) {
  StreamSpec spec;
  spec.uid = stream_uid;
  spec.source = std::move(from);
  spec.destination = World::at(World::virtual_input);
  return spec;
}

StreamSpec connecting(const Uid& source, const Uid& destination) {
  StreamSpec spec;
  spec.uid = stream_uid;
  spec.source = World::at(source);
  spec.destination = World::at(destination);
  return spec;
}

StreamSpec with(const std::function<void(StreamSettings&)>& change) {
  auto spec = sending(addresses("rtp://10.0.0.1:5"));
  change(spec.settings);
  return spec;
}

}  // namespace

TEST_CASE("a stream whose parts go together has no errors") {
  World world;
  for (const auto& spec : {
           sending(addresses("rtp://10.0.0.1:5")),
           sending(addresses("rtp://host.example:5", nullptr, "rtcp://host.example:7")),
           sending(addresses("rtp+rs8m://10.0.0.1:5", "rs8m://10.0.0.1:6", "rtcp://10.0.0.1:7")),
           sending(addresses("rtp+ldpc://[::1]:5", "ldpc://[::1]:6")),
           sending(addresses("rtp+rs8m://10.0.0.1:5", "rs8m://10.0.0.2:5")),
           receiving(addresses(nullptr)),
           receiving(addresses(nullptr, nullptr, "rtcp://0.0.0.0:0")),
           receiving(addresses("rtp+rs8m://0.0.0.0:0")),
           receiving(addresses("rtp+rs8m://0.0.0.0:0", "rs8m://0.0.0.0:0", "rtcp://0.0.0.0:0")),
           receiving(addresses("rtp+ldpc://[::]:5", "ldpc://[::]:6")),
           connecting(World::virtual_output, World::speakers),
           connecting(World::line_in, World::virtual_input),
           connecting(World::speakers, World::virtual_input),
       }) {
    CHECK(world.errors_of(spec).empty());
  }
}

TEST_CASE("addresses that do not go together are refused with what would") {
  World world;
  struct Row {
    StreamSpec spec;
    std::string errors;
  };
  const Row table[] = {
      {sending(addresses(nullptr)), "/destination/media_uri: missing: where to send to\n"},
      {sending(addresses("rtp+rs8m://10.0.0.1:5")),
       "/destination/repair_uri: missing: 'rtp+rs8m' needs a repair address with scheme 'rs8m'\n"},
      {sending(addresses("rtp+ldpc://10.0.0.1:5", "rs8m://10.0.0.1:6")),
       "/destination/repair_uri: scheme 'rs8m' does not go with 'rtp+ldpc', expected 'ldpc'\n"},
      {sending(addresses("rtp://10.0.0.1:5", "rs8m://10.0.0.1:6")),
       "/destination/repair_uri: 'rtp' has no error correction, so there must be no repair "
       "address; use rtp+rs8m for media\n"},
      {sending(addresses("rs8m://10.0.0.1:5")),
       "/destination/media_uri: scheme 'rs8m' does not belong here, expected rtp, rtp+rs8m or "
       "rtp+ldpc\n"},
      {sending(addresses("rtcp://10.0.0.1:5")),
       "/destination/media_uri: scheme 'rtcp' does not belong here, expected rtp, rtp+rs8m or "
       "rtp+ldpc\n"},
      {sending(addresses("rtp+rs8m://10.0.0.1:5", "rtp+rs8m://10.0.0.1:6")),
       "/destination/repair_uri: scheme 'rtp+rs8m' does not belong here, expected rs8m or ldpc\n"},
      {sending(addresses("rtp://10.0.0.1:5", nullptr, "rtp://10.0.0.1:6")),
       "/destination/control_uri: scheme 'rtp' does not belong here, expected rtcp\n"},
      {sending(addresses("rtp://10.0.0.1:0")),
       "/destination/media_uri: port 0 means 'choose', which only the receiving side can do\n"},
      {sending(addresses("rtp://0.0.0.0:5")),
       "/destination/media_uri: '0.0.0.0' means all addresses of this computer, expected the "
       "address of a receiver\n"},
      {sending(addresses("rtp://10.0.0.1:5", nullptr, "rtcp://10.0.0.1:5")),
       "/destination/control_uri: port 5 is already that of /destination/media_uri\n"},
      {receiving(addresses("rtp://localhost:5")),
       "/source/media_uri: 'localhost' is not an IP address; a receiving stream binds an address "
       "of this computer, 0.0.0.0 for all of them\n"},
      {receiving(addresses(nullptr, "rs8m://0.0.0.0:6")),
       "/source/media_uri: missing: a repair address needs its media address (port 0: rocd "
       "chooses)\n"},
      {receiving(addresses("rtp+rs8m://0.0.0.0:5", "ldpc://0.0.0.0:6")),
       "/source/repair_uri: scheme 'ldpc' does not go with 'rtp+rs8m', expected 'rs8m'\n"},
      {receiving(addresses("rtp+rs8m://127.0.0.1:5", "rs8m://0.0.0.0:5")),
       "/source/repair_uri: port 5 is already that of /source/media_uri\n"},
      {receiving(addresses("rtp://0.0.0.0:5", "ldpc://0.0.0.0:6")),
       "/source/repair_uri: 'rtp' has no error correction, so there must be no repair address; "
       "use rtp+ldpc for media\n"},
  };
  for (const auto& row : table) CHECK(world.errors_of(row.spec) == row.errors);
}

TEST_CASE("endpoints that cannot play their part are refused with the reason") {
  World world;
  const auto microphone_is_no_source =
      "/source/endpoint_uri: 'Microphone' is a virtual input: applications record from it, so it "
      "can be a destination of streams, not a source\n";
  const auto kitchen_is_no_destination =
      "/destination/endpoint_uri: 'Kitchen' is a virtual output: applications play into it, so it "
      "can be a source of streams, not a destination\n";
  CHECK(world.errors_of(connecting(World::virtual_input, World::speakers)) ==
        microphone_is_no_source);
  CHECK(world.errors_of(connecting(World::line_in, World::virtual_output)) ==
        kitchen_is_no_destination);
  CHECK(world.errors_of(connecting(World::virtual_input, World::virtual_output)) ==
        std::string(microphone_is_no_source) + kitchen_is_no_destination);
  CHECK(world.errors_of(connecting(World::virtual_output, World::line_in)) ==
        "/destination/endpoint_uri: 'alsa_input.pci' is an input of this computer: it can be a "
        "source of streams, not a destination\n");
  CHECK(world.errors_of(connecting(World::speakers, World::speakers)) ==
        "/destination: source and destination are the same endpoint\n");
  CHECK(world.errors_of(connecting(stream_uid, World::speakers)) ==
        "/source/endpoint_uri: there is no endpoint 'rx4sse-w0zas1-gf2s1o'\n");

  auto of_another_peer = connecting(World::virtual_output, World::speakers);
  of_another_peer.destination = EndpointRef{other_peer, World::speakers};
  CHECK(world.errors_of(of_another_peer) ==
        "/destination/endpoint_uri: this version carries audio only between endpoints of the peer "
        "that is asked; use an external address to reach another one\n");

  auto outside = sending(addresses("rtp://10.0.0.1:5"));
  outside.source = addresses("rtp://0.0.0.0:6");
  CHECK(world.errors_of(outside) ==
        "/destination: source and destination are both external: one of them must be an "
        "endpoint\n");
}

TEST_CASE("a port is bound by one stream only, wherever the addresses overlap") {
  struct Row {
    const char *theirs, *ours;
    bool collide;
  };
  const Row table[] = {
      {"rtp://0.0.0.0:5", "rtp://0.0.0.0:5", true},
      {"rtp://0.0.0.0:5", "rtp://0.0.0.0:6", false},
      {"rtp://0.0.0.0:0", "rtp://0.0.0.0:0", false},
      {"rtp://0.0.0.0:5", "rtp://127.0.0.1:5", true},
      {"rtp://127.0.0.1:5", "rtp://0.0.0.0:5", true},
      {"rtp://127.0.0.1:5", "rtp://127.0.0.1:5", true},
      {"rtp://127.0.0.1:5", "rtp://127.0.0.2:5", false},
      {"rtp://[::]:5", "rtp://127.0.0.1:5", true},
      {"rtp://127.0.0.1:5", "rtp://[::]:5", true},
      {"rtp://[::]:5", "rtp://[::1]:5", true},
      {"rtp://0.0.0.0:5", "rtp://[::1]:5", false},
      {"rtp://[::1]:5", "rtp://[0:0:0:0:0:0:0:1]:5", true},
  };
  for (const auto& row : table) {
    CAPTURE(row.theirs, row.ours);
    World world;
    world.streams = {receiving(addresses(row.theirs))};
    world.streams[0].uid = endpoint_uid;
    world.streams[0].display_name = "First";
    const auto errors = world.errors_of(receiving(addresses(row.ours)));
    CHECK(errors == (row.collide ? "/source/media_uri: port 5 is already used by stream 'First' "
                                   "(111111-222222-333333)\n"
                                 : ""));
  }
}

TEST_CASE("only ports that are really bound are taken") {
  World world;
  const auto mine = receiving(addresses("rtp+rs8m://0.0.0.0:5", "rs8m://0.0.0.0:6"));
  auto theirs = receiving(addresses("rtp://0.0.0.0:1", nullptr, "rtcp://0.0.0.0:6"));
  theirs.uid = endpoint_uid;
  world.streams = {theirs};
  CHECK(world.errors_of(mine) ==
        "/source/repair_uri: port 6 is already used by stream 111111-222222-333333\n");

  world.streams[0].enabled = false;
  CHECK(world.errors_of(mine).empty());
  world.streams = {mine};  // an update of the stream itself
  CHECK(world.errors_of(mine).empty());
  world.streams = {sending(addresses("rtp://10.0.0.1:5"))};
  world.streams[0].uid = endpoint_uid;
  CHECK(world.errors_of(mine).empty());

  world.streams = {theirs};
  auto disabled = mine;
  disabled.enabled = false;
  CHECK(world.errors_of(disabled).empty());
}

TEST_CASE("settings out of range or against each other are refused") {
  World world;
  struct Row {
    std::function<void(StreamSettings&)> change;
    std::string errors;
  };
  const Row table[] = {
      {[](auto& s) { s.target_latency = 1ms; }, ""},
      {[](auto& s) { s.target_latency = 60s; }, ""},
      {[](auto& s) { s.target_latency = 999us; },
       "/settings/target_latency: 0.999ms is out of range, expected 1ms to 60s\n"},
      {[](auto& s) { s.target_latency = 60001ms; },
       "/settings/target_latency: 60001ms is out of range, expected 1ms to 60s\n"},
      {[](auto& s) { s.io_latency = 0ms; },
       "/settings/io_latency: 0ms is out of range, expected 1ms to 60s\n"},
      {[](auto& s) { s.packet_length = 60ms; }, ""},
      {[](auto& s) { s.packet_length = 61ms; },
       "/settings/packet_length: 61ms is out of range, expected 1ms to 60ms\n"},
      {[](auto& s) { s.packet_length = 500us; },
       "/settings/packet_length: 0.5ms is out of range, expected 1ms to 60ms\n"},
      {[](auto& s) {
         s.target_latency = 100ms;
         s.io_latency = 99ms;
       },
       ""},
      {[](auto& s) {
         s.target_latency = 100ms;
         s.io_latency = 100ms;
       },
       "/settings/io_latency: 100ms must be below target_latency, which is 100ms\n"},
      {[](auto& s) { s.fec = FecScheme::none; }, ""},
      {[](auto& s) { s.fec = FecScheme::rs8m; },
       "/settings/fec: 'rs8m' contradicts the media address, which says 'none'\n"},
      {[](auto& s) { s.extra_args = {"--beep"}; },
       "/settings/extra_args: not allowed here; the configuration file allows them with "
       "tools.allow_extra_args: true\n"},
  };
  for (const auto& row : table) CHECK(world.errors_of(with(row.change)) == row.errors);

  auto choosing = receiving(addresses(nullptr));
  choosing.settings.fec = FecScheme::ldpc;
  CHECK(world.errors_of(choosing).empty());
}

TEST_CASE("only what sends from a virtual device can know that it is idle") {
  const World world;
  auto spec = sending(addresses("rtp://192.168.1.20:10001"));
  spec.settings.on_idle = OnIdle::pause;
  CHECK(world.errors_of(spec).empty());
  spec.source = World::at(World::speakers);
  CHECK(world.errors_of(spec) ==
        "/settings/on_idle: 'pause' is for virtual devices: whether something plays into "
        "'Speakers' is not known\n");
  spec.source = World::at(World::virtual_output);
  spec.destination = World::at(World::speakers);
  CHECK(world.errors_of(spec) ==
        "/settings/on_idle: 'pause' is for streams that send to an address\n");
  spec.settings.on_idle = OnIdle::keep;
  CHECK(world.errors_of(spec).empty());
  spec.settings.idle_after = 500ms;
  CHECK(world.errors_of(spec) ==
        "/settings/idle_after: 500ms is out of range, expected 1s to 86400s\n");
}

TEST_CASE("an extra argument cannot change what rocd decides") {
  World world;
  world.allow_extra_args = true;
  const auto errors_of = [&](std::vector<std::string> arguments) {
    return world.errors_of(with([&](auto& s) { s.extra_args = std::move(arguments); }));
  };
  CHECK(errors_of({"--latency-backend=niq", "--rate", "48000", "--beep"}).empty());
  for (const std::string argument : {"--input=pulse://other",
                                     "--output",
                                     "--source",
                                     "--repair=x",
                                     "--control",
                                     "--backup",
                                     "--backup=pulse://other",
                                     "--in",
                                     "--sour",
                                     "--oneshot",
                                     "--input-format=wav",
                                     "--target-latency=1s",
                                     "--io-latency",
                                     "--packet-len=5ms",
                                     "--nbsrc=5",
                                     "--verbose",
                                     "--color=always",
                                     "--help",
                                     "--version",
                                     "--list-supported",
                                     "--"}) {
    CHECK(errors_of({"--beep", argument}) ==
          "/settings/extra_args/1: '" + argument + "' is set by rocd itself\n");
  }
  for (const std::string argument : {"-i", "-opulse://other", "-s", "-r", "-c", "-v", "-1", "-"}) {
    CHECK(errors_of({argument}) ==
          "/settings/extra_args/0: '" + argument +
              "' is a short option, expected a long one such as '--latency-tolerance=100ms'\n");
  }
  CHECK(errors_of({""}) == "/settings/extra_args/0: empty\n");
}

TEST_CASE("all errors of a stream are reported at once") {
  World world;
  auto spec = sending(addresses("rtp+rs8m://10.0.0.1:0"));
  spec.source = World::at(World::virtual_input);
  spec.settings.packet_length = 1s;
  CHECK(world.errors_of(spec) ==
        "/source/endpoint_uri: 'Microphone' is a virtual input: applications record from it, so "
        "it can be a destination of streams, not a source\n"
        "/destination/media_uri: port 0 means 'choose', which only the receiving side can do\n"
        "/destination/repair_uri: missing: 'rtp+rs8m' needs a repair address with scheme 'rs8m'\n"
        "/settings/packet_length: 1s is out of range, expected 1ms to 60ms\n");
}

TEST_CASE("a virtual device is made only with numbers that work") {
  const auto errors_of = [](const std::function<void(EndpointSpec&)>& change) {
    auto spec = make_endpoint();
    change(spec);
    std::string text;
    for (const auto& error : validate(spec)) text += error.path + ": " + error.reason + "\n";
    return text;
  };
  CHECK(errors_of([](auto&) {}).empty());
  CHECK(errors_of([](auto& e) { e.channels = 0; }) ==
        "/channels: expected an integer from 1 to 8\n");
  CHECK(errors_of([](auto& e) { e.channels = 9; }) ==
        "/channels: expected an integer from 1 to 8\n");
  CHECK(errors_of([](auto& e) { e.sample_rate = 7999; }) ==
        "/sample_rate: expected an integer from 8000 to 192000\n");
  CHECK(errors_of([](auto& e) { e.volume = 4.01; }) == "/volume: expected a number from 0 to 4\n");
  CHECK(errors_of([](auto& e) { e.volume = std::stod("nan"); }) ==
        "/volume: expected a number from 0 to 4\n");
  CHECK(errors_of([](auto& e) { e.direction = StreamDirection::duplex; }) ==
        "/stream_direction: a virtual device is 'output' or 'input'\n");
  CHECK(errors_of([](auto& e) { e.name = "Kitchen 1"; }) ==
        "/system_name: 'Kitchen 1' is not a name of at most 63 letters a-z, digits, '-' and '_' "
        "that begins with a letter or digit\n");
  CHECK(errors_of([](auto& e) {
          e.type = EndpointType::system_device;  // what it has is not for us to judge
          e.channels = 64;
        }).empty());
}

TEST_CASE("mistakes of meaning are told beside those of reading, unless they follow from them") {
  using Errors = std::vector<FieldError>;
  const Errors reading{{"/source/media_uri", "not a URI"},
                       {"/settings/profile", "unknown"},
                       {"/s", "unknown field"},
                       {"/destination/connection_type", "unknown"}};
  const Errors meaning{{"/source/media_uri", "port"},
                       {"/source/repair_uri", "does not go with", {"/source/media_uri"}},
                       {"/source/control_uri", "port"},
                       {"/destination/endpoint_uri", "no such endpoint"},
                       {"/settings/io_latency", "too long", {"/settings/profile"}},
                       {"/settings/io_latency", "out of range"},
                       {"/settings/extra_args", "not allowed"}};
  CHECK(all_mistakes(reading, meaning) ==
        Errors{reading[0], reading[1], reading[2], reading[3], meaning[2], meaning[5], meaning[6]});
  CHECK(all_mistakes({{"", "expected an object"}}, meaning) == Errors{{"", "expected an object"}});
  CHECK(all_mistakes({{"/settings/extra_args/1", "expected a string"}}, {meaning[6]}).size() == 2);
  CHECK(all_mistakes({}, meaning) == meaning);
}
