// Right files: that every value arrives, the defaults, the environment, uids, the example.
#include "config/config.hpp"

#include <unistd.h>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>

#include "config/settings.hpp"
#include "config_support.hpp"

using namespace rocd;
using namespace rocd::test;
using Lines = std::vector<std::string>;

namespace {

const Uid self = Uid::derive("test", "peer", "self");

constexpr const char* complete = R"(name: studio
http: { listen: "[::1]:0", unix_socket: /run/rocd/api.sock, tokens: [] }
audio: { driver: pipewire, remote: pipewire-1 }
tools: { roc_send: /opt/roc-send, roc_recv: /opt/roc-recv, allow_extra_args: true }
ports: { range: 20000-20010 }
state: { dir: /srv/rocd }
log: { level: debug, format: json }
endpoints:
  - name: kitchen
    direction: output
    display_name: Küche
    channels: 6
    sample_rate: 44100
    volume: 0.5
    muted: true
    default: true
  - { name: mic, direction: input }
streams:
  - name: to-kitchen
    display_name: Music
    enabled: false
    source: kitchen
    destination: { media: rtp+rs8m://192.168.1.20:10001, repair: rs8m://192.168.1.20:10002,
                   control: rtcp://192.168.1.20:10003 }
    profile: robust
    target_latency: 300ms
    io_latency: 40ms
    packet_length: 5ms
    fec: rs8m
    resampler_profile: high
    restart: on_failure
    on_idle: pause
    idle_after: 30s
    extra_args: [--latency-tolerance=50ms]
  - { name: speaker, source: "system:alsa_input.usb", destination: mic }
)";

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) {
    std::string name = (std::filesystem::temp_directory_path() / "rocd-config-XXXXXX").string();
    const int fd = ::mkstemp(name.data());
    REQUIRE(fd >= 0);
    ::close(fd);
    path = name;
    std::ofstream(path, std::ios::binary) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(path); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  std::filesystem::path path;
};

}  // namespace

TEST_CASE("every setting of a complete file arrives") {
  const auto [config, errors] = parse(complete);
  REQUIRE(lines(errors) == Lines{});
  CHECK(config.file == "rocd.yaml");
  CHECK(config.name == "studio");
  CHECK(config.http.listen_host == "::1");
  CHECK(config.http.listen_port == 0);
  CHECK(config.http.unix_socket == "/run/rocd/api.sock");
  CHECK(config.audio.driver == "pipewire");
  CHECK(config.audio.remote == "pipewire-1");
  CHECK(config.tools.roc_send == "/opt/roc-send");
  CHECK(config.tools.roc_recv == "/opt/roc-recv");
  CHECK(config.tools.allow_extra_args);
  CHECK(config.ports.first == 20000);
  CHECK(config.ports.last == 20010);
  CHECK(config.state_dir == "/srv/rocd");
  CHECK(config.log.level == spdlog::level::debug);
  CHECK(config.log.format == LogFormat::json);
}

TEST_CASE("every field of an endpoint arrives") {
  const auto config = parse(complete).config;
  REQUIRE(config.endpoints.size() == 2);
  const auto& spec = config.endpoints[0].spec;
  CHECK(spec.uid.empty());
  CHECK(spec.type == EndpointType::streaming_device);
  CHECK(spec.direction == StreamDirection::output);
  CHECK(spec.name == "kitchen");
  CHECK(spec.display_name == "Küche");
  CHECK(spec.system_name == "rocd.kitchen");
  CHECK(spec.channels == 6);
  CHECK(spec.sample_rate == 44100);
  CHECK(spec.volume == 0.5);
  CHECK(spec.muted);
  CHECK(spec.is_default);
  CHECK(spec.origin == Origin::config);
  CHECK(spec.location == "rocd.yaml:9:5");
}

TEST_CASE("every field of a stream arrives") {
  const auto config = parse(complete).config;
  REQUIRE(config.streams.size() == 2);
  const auto& entry = config.streams[0];
  const auto& spec = entry.spec;
  CHECK(spec.uid.empty());
  CHECK(spec.name == "to-kitchen");
  CHECK(spec.display_name == "Music");
  CHECK_FALSE(spec.enabled);
  CHECK(spec.origin == Origin::config);
  CHECK(spec.location == "rocd.yaml:19:5");
  CHECK(entry.source_name == "kitchen");
  CHECK(entry.origins.at("source").place == "rocd.yaml:22:13");
  CHECK(entry.destination_name == std::nullopt);
  CHECK(entry.origins.at("destination").place == "rocd.yaml:23:18");
  const auto& address = std::get<ExternalAddress>(spec.destination);
  CHECK(address.media->str() == "rtp+rs8m://192.168.1.20:10001");
  CHECK(address.repair->str() == "rs8m://192.168.1.20:10002");
  CHECK(address.control->str() == "rtcp://192.168.1.20:10003");
  const StreamSettings expected{Profile::robust,
                                300ms,
                                40ms,
                                5ms,
                                FecScheme::rs8m,
                                ResamplerProfile::high,
                                RestartPolicy::on_failure,
                                OnIdle::pause,
                                30s,
                                {"--latency-tolerance=50ms"}};
  CHECK(spec.settings == expected);
  CHECK(config.streams[1].source_name == "system:alsa_input.usb");
  CHECK(config.streams[1].destination_name == "mic");
}

TEST_CASE("an empty file, a comment and no file at all mean the defaults") {
  const FakeEnvironment environment({{"HOME", "/home/ann"}, {"XDG_RUNTIME_DIR", "/run/user/7"}});
  for (const auto& [config, errors] :
       {default_config(environment), parse_config("", "f", environment),
        parse_config("# nothing\n", "f", environment), parse_config("---\n", "f", environment),
        parse_config("http:\nstreams:\nendpoints: []\nlog: {}\n", "f", environment)}) {
    CHECK(lines(errors) == Lines{});
    CHECK_FALSE(config.name.empty());
    CHECK(config.http.listen_host == "127.0.0.1");
    CHECK(config.http.listen_port == 4040);
    CHECK(config.http.unix_socket == "/run/user/7/rocd.sock");
    CHECK(config.audio.driver == "pipewire");
    CHECK(config.audio.remote == "pipewire-0");
    CHECK(config.tools.roc_send == "roc-send");
    CHECK(config.tools.roc_recv == "roc-recv");
    CHECK_FALSE(config.tools.allow_extra_args);
    CHECK(config.ports.first == 10000);
    CHECK(config.ports.last == 10999);
    CHECK(config.state_dir == "/home/ann/.local/state/rocd");
    CHECK(config.log.level == spdlog::level::info);
    CHECK(config.log.format == LogFormat::text);
    CHECK(config.endpoints.empty());
    CHECK(config.streams.empty());
  }
  CHECK(default_config(environment).config.file.empty());
}

TEST_CASE("what an entry leaves out has its default") {
  const auto [config, errors] = parse(R"(
endpoints: [{ name: a, direction: output }]
streams: [{ name: s, source: a, destination: { media: "rtp://h:1" }, target_latency: auto }]
)");
  REQUIRE(lines(errors) == Lines{});
  const auto& endpoint = config.endpoints[0].spec;
  CHECK(endpoint.display_name == "a");
  CHECK(endpoint.channels == 2);
  CHECK(endpoint.sample_rate == 48000);
  CHECK(endpoint.volume == 1.0);
  CHECK_FALSE(endpoint.muted);
  CHECK_FALSE(endpoint.is_default);
  const auto& stream = config.streams[0].spec;
  CHECK(stream.display_name == "s");
  CHECK(stream.enabled);
  CHECK(stream.settings == StreamSettings{});
}

TEST_CASE("paths left to rocd follow the XDG specification, which ignores relative ones") {
  const auto state = [](Variables variables) {
    return default_config(FakeEnvironment(std::move(variables))).config.state_dir;
  };
  CHECK(state({{"XDG_STATE_HOME", "/s"}, {"HOME", "/h"}}) == "/s/rocd");
  CHECK(state({{"XDG_STATE_HOME", "s"}, {"HOME", "/h"}}) == "/h/.local/state/rocd");
  CHECK(state({{"XDG_STATE_HOME", ""}, {"HOME", "h"}}) == "/var/lib/rocd");
  CHECK(state({}) == "/var/lib/rocd");
  const auto socket = [](const std::string& text, Variables variables) {
    return parse("http: { unix_socket: " + text + " }", std::move(variables))
        .config.http.unix_socket;
  };
  CHECK(socket("auto", {{"XDG_RUNTIME_DIR", "/r"}}) == "/r/rocd.sock");
  CHECK(socket("auto", {{"XDG_RUNTIME_DIR", "r"}}) == std::nullopt);
  CHECK(socket("auto", {}) == std::nullopt);
  CHECK(socket("off", {{"XDG_RUNTIME_DIR", "/r"}}) == std::nullopt);
}

TEST_CASE("the environment overrides every scalar that has a variable") {
  const auto [config, errors] = parse(complete, {{"ROCD_NAME", "attic"},
                                                 {"ROCD_HTTP_LISTEN", "127.0.0.2:81"},
                                                 {"ROCD_HTTP_UNIX_SOCKET", "off"},
                                                 {"ROCD_AUDIO_DRIVER", "pipewire"},
                                                 {"ROCD_AUDIO_REMOTE", "pw-9"},
                                                 {"ROCD_TOOLS_ROC_SEND", "/x/send"},
                                                 {"ROCD_TOOLS_ROC_RECV", "/x/recv"},
                                                 {"ROCD_PORTS_RANGE", "5-6"},
                                                 {"ROCD_STATE_DIR", "/x/state"},
                                                 {"ROCD_LOG_LEVEL", "trace"},
                                                 {"ROCD_LOG_FORMAT", "text"}});
  REQUIRE(lines(errors) == Lines{});
  CHECK(config.name == "attic");
  CHECK(config.http.listen_host == "127.0.0.2");
  CHECK(config.http.listen_port == 81);
  CHECK(config.http.unix_socket == std::nullopt);
  CHECK(config.origins.at("audio.driver").kind == ConfigOrigin::Kind::environment);
  CHECK(config.audio.remote == "pw-9");
  CHECK(config.tools.roc_send == "/x/send");
  CHECK(config.tools.roc_recv == "/x/recv");
  CHECK(config.ports.first == 5);
  CHECK(config.ports.last == 6);
  CHECK(config.state_dir == "/x/state");
  CHECK(config.log.level == spdlog::level::trace);
  CHECK(config.log.format == LogFormat::text);
}

TEST_CASE("a tool is a name found in PATH or an absolute path, in quotes or not") {
  const auto tools = [](const std::string& name, Variables variables = {}) {
    return parse("tools: { roc_send: " + name + " }", std::move(variables));
  };
  CHECK(tools("roc-send-0.4").config.tools.roc_send == "roc-send-0.4");
  CHECK(tools("\"/opt/roc-send\"").config.tools.roc_send == "/opt/roc-send");
  const Variables relative{{"ROCD_TOOLS_ROC_SEND", "./roc-send"}};
  CHECK(lines(tools("roc-send", relative).errors) ==
        Lines{"environment ROCD_TOOLS_ROC_SEND: './roc-send' is a relative path, expected a name "
              "found in PATH, or an absolute path"});
}

TEST_CASE("a variable that is set but empty does not override") {
  CHECK(parse(complete, {{"ROCD_NAME", ""}}).config.name == "studio");
}

TEST_CASE("a wrong variable is a mistake at its name, after those of the file") {
  CHECK(
      lines(parse("nme: x",
                  {{"ROCD_LOG_LEVEL", "loud"}, {"ROCD_HTTP_LISTEN", "4040"}, {"ROCD_NAME", "a\nb"}})
                .errors) ==
      Lines{"rocd.yaml:1:1: unknown key 'nme', did you mean 'name'?",
            "environment ROCD_NAME: there is a control character (0x0a), expected text in one "
            "line",
            "environment ROCD_HTTP_LISTEN: '4040' is not a listen address, expected HOST:PORT "
            "such as '127.0.0.1:4040' or '[::1]:0'",
            "environment ROCD_LOG_LEVEL: 'loud' is not known, expected trace, debug, info, warn "
            "or error"});
  CHECK(lines(default_config(FakeEnvironment(Variables{{"ROCD_STATE_DIR", "x"}})).errors) ==
        Lines{"environment ROCD_STATE_DIR: 'x' is not an absolute path, expected one, or auto"});
}

TEST_CASE("a variable that looks like one of rocd's and is none is told, without its value") {
  CHECK(unknown_variables({"PATH=/bin", "ROCD_NAME=x", "ROCD_HTTP_LISTEN=:1", "ROC_X=1",
                           "ROCD_="}) == Lines{"the variable ROCD_ is not known, and is ignored"});
  CHECK(unknown_variables({"ROCD_FOO=secret", "ROCD_LOGLEVEL=debug"}) ==
        Lines{"the variable ROCD_FOO is not known, and is ignored",
              "the variable ROCD_LOGLEVEL is not known, and is ignored, did you mean "
              "'ROCD_LOG_LEVEL'?"});
  CHECK(unknown_variables({"ROCD_HTTP_TOKENS=secret", "ROCD_TOOLS_ALLOW_EXTRA_ARGS=true"}) ==
        Lines{"the variable ROCD_HTTP_TOKENS is ignored: http.tokens can be set in the "
              "configuration file only",
              "the variable ROCD_TOOLS_ALLOW_EXTRA_ARGS is ignored: tools.allow_extra_args can be "
              "set in the configuration file only"});
}

TEST_CASE("anchors and aliases are read as what they stand for") {
  const auto [config, errors] = parse(R"(
endpoints:
  - { name: a, direction: &way output }
  - { name: b, direction: *way }
streams:
  - { name: s, source: a, destination: &there { media: "rtp://h:1" } }
  - { name: t, source: b, destination: *there }
)");
  REQUIRE(lines(errors) == Lines{});
  CHECK(config.streams[0].spec.destination == config.streams[1].spec.destination);
}

TEST_CASE("the example that is installed has no mistakes and reaches only this computer") {
  const auto file = std::filesystem::path(ROCD_SOURCE_DIR) / "config/rocd.yaml";
  const auto [config, errors] = load_config_file(file, FakeEnvironment());
  REQUIRE(lines(errors) == Lines{});
  CHECK(config.endpoints.size() == 2);
  CHECK(config.streams.size() == 2);
  const auto is_local = [](const Connection& connection) {
    const auto* address = std::get_if<ExternalAddress>(&connection);
    if (address == nullptr) return true;
    for (const auto& uri : {address->media, address->repair, address->control})
      if (uri && uri->host != "127.0.0.1") return false;
    return true;
  };
  for (const auto& stream : config.streams) {
    CHECK(is_local(stream.spec.source));
    CHECK(is_local(stream.spec.destination));
  }
  for (const auto& endpoint : config.endpoints) CHECK_FALSE(endpoint.spec.is_default);
}

TEST_CASE("the example's scalars are the defaults, as it says") {
  const auto file = std::filesystem::path(ROCD_SOURCE_DIR) / "config/rocd.yaml";
  const FakeEnvironment environment({{"XDG_RUNTIME_DIR", "/r"}, {"HOME", "/h"}});
  const auto example = load_config_file(file, environment).config;
  const auto defaults = default_config(environment).config;
  CHECK(example.http.listen_host == defaults.http.listen_host);
  CHECK(example.http.listen_port == defaults.http.listen_port);
  CHECK(example.http.unix_socket == defaults.http.unix_socket);
  CHECK(example.events.beside_api == defaults.events.beside_api);
  CHECK(events_socket(example) == "/r/rocd-events.sock");
  CHECK(example.audio.remote == defaults.audio.remote);
  CHECK(example.tools.roc_send == defaults.tools.roc_send);
  CHECK(example.tools.roc_recv == defaults.tools.roc_recv);
  CHECK(example.tools.allow_extra_args == defaults.tools.allow_extra_args);
  CHECK(example.ports.first == defaults.ports.first);
  CHECK(example.ports.last == defaults.ports.last);
  CHECK(example.state_dir == defaults.state_dir);
  CHECK(example.log.level == defaults.log.level);
  CHECK(example.log.format == defaults.log.format);
  for (const auto& stream : example.streams) CHECK(stream.spec.settings == StreamSettings{});
}

TEST_CASE("events are published beside the API's socket, elsewhere, or not at all") {
  const auto socket = [](const std::string& text) { return events_socket(parse(text).config); };
  CHECK(socket("http: { unix_socket: /run/a/api.sock }") == "/run/a/api-events.sock");
  CHECK(socket("http: { unix_socket: off }") == std::nullopt);
  CHECK(socket("http: { unix_socket: off }\nevents: { socket: /run/e.sock }") == "/run/e.sock");
  CHECK(socket("http: { unix_socket: /run/a }\nevents: { socket: off }") == std::nullopt);
}

TEST_CASE("a file that cannot be read says why") {
  const FakeEnvironment environment;
  CHECK(lines(load_config_file("/no/such.yaml", environment).errors) ==
        Lines{"/no/such.yaml: cannot open the configuration: No such file or directory"});
  CHECK(lines(load_config_file("/tmp", environment).errors) ==
        Lines{"/tmp: this is a directory, expected a file"});
  CHECK(lines(load_config_file("/dev/null", environment).errors) ==
        Lines{"/dev/null: this is not a regular file, expected one"});
}

TEST_CASE("a file of more than 1 MiB is refused") {
  const TemporaryFile large("# " + std::string(1024UL * 1024, 'x'));
  CHECK(lines(load_config_file(large.path, FakeEnvironment()).errors) ==
        Lines{large.path.string() + ": the file is larger than 1 MiB, expected a configuration"});
}

TEST_CASE("mistakes in a file begin with its path") {
  const TemporaryFile file("nme: x\n");
  CHECK(lines(load_config_file(file.path, FakeEnvironment()).errors) ==
        Lines{file.path.string() + ":1:1: unknown key 'nme', did you mean 'name'?"});
}

TEST_CASE("uids derive from names and are the same on every start") {
  auto config = parse(complete).config;
  assign_uids(config, self);
  const auto kitchen = Uid::derive(self.str(), "endpoint", "kitchen");
  const auto mic = Uid::derive(self.str(), "endpoint", "mic");
  CHECK(config.endpoints[0].spec.uid == kitchen);
  CHECK(config.endpoints[1].spec.uid == mic);
  CHECK(config.streams[0].spec.uid == Uid::derive(self.str(), "stream", "to-kitchen"));
  CHECK(config.streams[0].spec.source == Connection(EndpointRef{self, kitchen}));
  CHECK(std::holds_alternative<ExternalAddress>(config.streams[0].spec.destination));
  CHECK(config.streams[1].spec.source ==
        Connection(EndpointRef{self, system_endpoint_uid(self, "alsa_input.usb")}));
  CHECK(config.streams[1].spec.destination == Connection(EndpointRef{self, mic}));

  auto again = parse("# moved\n" + std::string(complete)).config;
  assign_uids(again, self);
  CHECK(again.endpoints[0].spec.uid == kitchen);
  CHECK(again.streams[0].spec.uid == config.streams[0].spec.uid);
}

TEST_CASE("another peer's uids differ, and a system device is no endpoint of the file") {
  auto config = parse(complete).config;
  const auto other = Uid::derive("test", "peer", "other");
  assign_uids(config, other);
  CHECK(config.endpoints[0].spec.uid != Uid::derive(self.str(), "endpoint", "kitchen"));
  CHECK(system_endpoint_uid(self, "kitchen") != Uid::derive(self.str(), "endpoint", "kitchen"));
  CHECK(system_endpoint_uid(self, "n") == Uid::derive(self.str(), "system_device", "n"));
}
