// A configuration file that is edited and read anew, with real dispatchers, and fakes for the sound
// system, the engine and processes.
#include "app/reloader.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <fstream>

#include "app/options.hpp"
#include "fake/fake_device_driver.hpp"
#include "fake/fake_spawner.hpp"
#include "fake/fake_stream_engine.hpp"
#include "store/sqlite.hpp"
#include "support/temp_directory.hpp"

using namespace rocd;
using namespace rocd::test;
using Catch::Matchers::ContainsSubstring;

namespace {

class NoRegistry final : public ChildRegistry {
 public:
  void add(const Uid&, const ProcessIdentity&) override {}
  void remove(const Uid&) override {}
};

constexpr const char* initial = R"(name: studio
endpoints:
  - { name: kitchen, direction: output }
  - { name: mic, direction: input }
streams:
  - name: send
    source: kitchen
    destination: { media: "rtp://192.168.1.20:10001" }
  - name: receive
    source: { media: "rtp://127.0.0.1:42501" }
    destination: mic
)";

class Daemonette {
 public:
  Daemonette() {
    write(initial);
    store = Store::open(directory.path() / "state").value();
    self = Peer{store->self_uid().value(), "studio", "host", true, 1};
    auto loaded = load();
    REQUIRE(loaded.errors.empty());
    config = std::move(loaded.config);
    assign_uids(config, self.uid);
    endpoints.emplace(io.get_executor(), self.uid, driver, *store, events);
    supervisor.emplace(io.get_executor(), spawner, registry, 1);
    streams.emplace(io.get_executor(), StreamDispatcher::Options{self.uid, config.ports, false},
                    engine, *supervisor, *endpoints, *store, events);
    REQUIRE(endpoints->start(endpoint_specs(config)).has_value());
    REQUIRE(streams->start(stream_specs(config)).has_value());
    reloader.emplace(Reloader::Parts{config, self, *endpoints, *streams, *store, events},
                     [this] { return load(); });
    settle();
  }

  void write(const std::string& text) { std::ofstream(file()) << text; }
  // The initial text with `from` replaced.
  void edit(const std::string& from, const std::string& to) {
    std::string text = initial;
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    write(text.replace(at, from.size(), to));
  }
  [[nodiscard]] std::filesystem::path file() const { return directory.path() / "rocd.yaml"; }
  ConfigResult load() const {
    return load_configuration(file(), options, [](const char*) -> const char* { return nullptr; });
  }
  void settle() {
    while (driver.deliver() + spawner.deliver() + io.poll() > 0) io.restart();
    io.restart();
  }
  Result<ReloadReport> reload() {
    auto report = reloader->reload();
    settle();
    return report;
  }
  // "PLACE: REASON" of the only mistake.
  std::string mistake() {
    const auto report = reload();
    REQUIRE(report.has_error());
    const auto error = report.error();
    CHECK(error.code == ErrorCode::invalid_argument);
    REQUIRE(error.fields.size() == 1);
    const auto& place = error.fields[0].path;
    return place.substr(place.rfind('/') + 1) + ": " + error.fields[0].reason;
  }
  [[nodiscard]] Uid stream(const std::string& name) const {
    return Uid::derive(self.uid.str(), "stream", name);
  }
  [[nodiscard]] Uid endpoint(const std::string& name) const {
    return Uid::derive(self.uid.str(), "endpoint", name);
  }
  // Everything that a reload could have changed.
  [[nodiscard]] std::vector<std::string> state() const {
    std::vector<std::string> lines;
    for (const auto& each : endpoints->list())
      lines.push_back(each.spec.name + " " + std::to_string(each.spec.version) + " " +
                      std::to_string(each.status.node_serial.value_or(0)));
    for (const auto& each : streams->list())
      lines.push_back(each.spec.name + each.spec.uid.str() + " " +
                      std::to_string(each.spec.version) + " " +
                      std::to_string(each.status.pid.value_or(0)));
    lines.push_back(self.display_name + " " + std::to_string(events.last_seq()));
    for (const auto kind : {StoredKind::endpoint, StoredKind::stream, StoredKind::peer,
                            StoredKind::endpoint_override, StoredKind::stream_override})
      for (const auto& item : store->load(kind).value())
        lines.push_back(item.uid.str() + " " + std::to_string(item.version));
    return lines;
  }

  TempDirectory directory;
  Options options;
  boost::asio::io_context io;
  std::unique_ptr<Store> store;
  Config config;
  Peer self;
  FakeDeviceDriver driver;
  FakeSpawner spawner;
  FakeStreamEngine engine;
  NoRegistry registry;
  EventBus events{"test"};
  std::optional<EndpointDispatcher> endpoints;
  std::optional<Supervisor> supervisor;
  std::optional<StreamDispatcher> streams;
  std::optional<Reloader> reloader;
};

}  // namespace

TEST_CASE("a file that says the same changes nothing, wherever it says it") {
  Daemonette rocd;
  const auto before = rocd.state();
  auto report = rocd.reload();
  REQUIRE(report.has_value());
  CHECK(report->file == rocd.file());
  CHECK(report->endpoints.changed.empty());
  CHECK(report->streams.changed.empty());
  CHECK(report->values.empty());
  rocd.write(std::string("# a line more\n") + initial);
  REQUIRE(rocd.reload().has_value());
  auto after = rocd.state();
  after.erase(std::ranges::find(after, "studio " + std::to_string(rocd.events.last_seq())));
  for (const auto& line : after) CHECK(std::ranges::find(before, line) != before.end());
  CHECK(rocd.config.streams.at(0).spec.location == rocd.file().string() + ":7:5");
}

TEST_CASE("what an edit changes is changed, and only that") {
  Daemonette rocd;
  const auto pid = rocd.streams->find(rocd.stream("receive"))->status.pid;
  const auto serial = rocd.endpoints->find(rocd.endpoint("mic"))->status.node_serial;
  REQUIRE(pid);
  rocd.edit("192.168.1.20:10001\" }", R"(192.168.1.21:10001" }
  - { name: local, source: attic, destination: mic })");
  auto text = std::ifstream(rocd.file());
  std::string edited{std::istreambuf_iterator<char>(text), {}};
  edited.replace(edited.find("  - { name: mic"), 0, "  - { name: attic, direction: output }\n");
  rocd.write(edited);
  const auto report = rocd.reload();
  REQUIRE(report.has_value());
  CHECK(report->endpoints.added == std::vector{rocd.endpoint("attic")});
  CHECK(report->streams.added == std::vector{rocd.stream("local")});
  CHECK(report->streams.changed == std::vector{rocd.stream("send")});
  CHECK(rocd.streams->find(rocd.stream("receive"))->status.pid == pid);
  CHECK(rocd.streams->find(rocd.stream("receive"))->spec.version == 1);
  CHECK(rocd.endpoints->find(rocd.endpoint("mic"))->status.node_serial == serial);
  CHECK(rocd.driver.wanted_links.contains(rocd.stream("local")));

  rocd.write("endpoints: [{ name: kitchen, direction: output }]\n");
  const auto less = rocd.reload();
  REQUIRE(less.has_value());
  CHECK(less->streams.removed.size() == 3);
  CHECK(less->endpoints.removed.size() == 2);
  CHECK(rocd.streams->list().empty());
  CHECK(rocd.driver.wanted.size() == 1);
  CHECK(rocd.driver.wanted_links.empty());
}

TEST_CASE("with any mistake everything stays as it was, and every mistake has its place") {
  Daemonette rocd;
  const auto before = rocd.state();
  rocd.write(
      "nme: x\nendpoints:\n  - { name: kitchen, direction: sideways }\nstreams: []\n"
      "log: { level: debug }\n");
  const auto report = rocd.reload();
  REQUIRE(report.has_error());
  CHECK(report.error().code == ErrorCode::invalid_argument);
  REQUIRE(report.error().fields.size() == 2);
  CHECK(report.error().fields[0].path == rocd.file().string() + ":1:1");
  CHECK(report.error().fields[1].path == rocd.file().string() + ":3:33");
  CHECK_THAT(report.error().fields[1].reason, ContainsSubstring("sideways"));
  std::filesystem::remove(rocd.file());
  CHECK_THAT(rocd.mistake(), ContainsSubstring("No such file"));
  CHECK(rocd.state() == before);
  CHECK(rocd.config.log.level == spdlog::level::info);
}

TEST_CASE("the last token cannot go while rocd listens where others can reach it") {
  Daemonette rocd;
  rocd.config.http.listen_host = "192.0.2.1";
  rocd.config.http.tokens.push_back({"phone", Role::operator_, {}});
  const auto before = rocd.state();
  CHECK_THAT(rocd.mistake(), ContainsSubstring("'192.0.2.1' is not a loopback address"));
  CHECK(rocd.state() == before);
  CHECK(rocd.config.http.tokens.size() == 1);
}

TEST_CASE("a token that was replaced is a new value, and the report does not hold it") {
  Daemonette rocd;
  const auto with_token = [&](const char* digit) {
    std::string hash;
    while (hash.size() < 64) hash += digit;
    rocd.write("http: { tokens: [{ name: phone, role: viewer, sha256: " + hash + " }] }\n" +
               initial);
    return rocd.reload();
  };
  REQUIRE(with_token("a").has_value());
  const auto report = with_token("b");
  REQUIRE(report.has_value());
  CHECK(report->values == std::vector<std::string>{"http.tokens"});
  CHECK_THAT(boost::json::serialize(to_json(*report, rocd.self.uid)),
             !ContainsSubstring("bbbb") && !ContainsSubstring("aaaa"));
  CHECK(with_token("b")->values.empty());
}

TEST_CASE("what contradicts something made over REST has its place, too") {
  Daemonette rocd;
  auto stream = rocd.streams->find(rocd.stream("receive"))->spec;
  stream.uid = {};
  stream.display_name = "mine";
  stream.source = ExternalAddress{MediaUri::parse("rtp://127.0.0.1:42600").value(), {}, {}};
  const auto mine = rocd.streams->create(stream);
  REQUIRE(mine.has_value());
  EndpointSpec attic;
  attic.name = attic.display_name = "attic";
  REQUIRE(rocd.endpoints->create(attic).has_value());
  rocd.settle();
  const auto before = rocd.state();

  rocd.edit("42501", "42600");
  CHECK(rocd.mistake() ==
        "rocd.yaml:10:22: 'receive': port 42600 is already used by stream 'mine' (" +
            mine->spec.uid.str() + ")");
  rocd.edit("{ name: kitchen, direction: output }",
            "{ name: kitchen, direction: output }\n  - { name: attic, direction: output }");
  CHECK_THAT(rocd.mistake(), ContainsSubstring("rocd.yaml:4:13: 'attic': the endpoint /peers/"));
  rocd.write("endpoints: [{ name: kitchen, direction: output }]\n");
  CHECK(rocd.mistake() ==
        "rocd.yaml: the endpoint 'mic' is no longer in the file, but the stream "
        "'mine' (/streams/" +
            mine->spec.uid.str() + "), made over REST, uses it: delete that first");
  rocd.write(
      "endpoints:\n  - { name: kitchen, direction: output }\n  - { name: mic, direction: output "
      "}\n");
  CHECK_THAT(rocd.mistake(), ContainsSubstring("rocd.yaml:3:29: 'mic': the stream 'mine'") &&
                                 ContainsSubstring("uses it as destination"));
  CHECK(rocd.state() == before);
}

TEST_CASE("a state that cannot be written leaves everything as it was") {
  Daemonette rocd;
  const auto before = rocd.state();
  rocd.edit("name: kitchen, direction: output", "name: kitchen, direction: output, volume: 0.5");
  auto other = sqlite::Database::open(rocd.directory.path() / "state/state.db").value();
  REQUIRE(other.execute("BEGIN IMMEDIATE").has_value());
  const auto report = rocd.reload();
  REQUIRE(report.has_error());
  CHECK(report.error().code == ErrorCode::unavailable);
  REQUIRE(other.execute("ROLLBACK").has_value());
  CHECK(rocd.state() == before);
  CHECK(rocd.endpoints->find(rocd.endpoint("kitchen"))->spec.volume == 1.0);
  REQUIRE(rocd.reload().has_value());
  CHECK(rocd.endpoints->find(rocd.endpoint("kitchen"))->spec.volume == 0.5);
}

TEST_CASE("scalars are taken over where that is possible, others are named") {
  Daemonette rocd;
  rocd.edit("name: studio",
            "name: attic\nhttp: { listen: 127.0.0.1:81 }\nports: { range: 43000-43099 }\n"
            "tools: { allow_extra_args: true }");
  const auto report = rocd.reload();
  REQUIRE(report.has_value());
  CHECK(report->values ==
        std::vector<std::string>{"name", "tools.allow_extra_args", "ports.range"});
  CHECK(report->restart_needed == std::vector<std::string>{"http.listen"});
  CHECK(rocd.self.display_name == "attic");
  CHECK(rocd.self.version == 2);
  CHECK(load_peer(*rocd.store, rocd.self.uid).value().version == 2);
  CHECK(rocd.config.http.listen_port == 4040);

  auto spec = rocd.streams->find(rocd.stream("receive"))->spec;
  spec.uid = {};
  spec.source = ExternalAddress{};
  spec.settings.extra_args = {"--latency-tolerance=100ms"};
  const auto made = rocd.streams->create(spec);
  REQUIRE(made.has_value());
  rocd.settle();
  CHECK(rocd.streams->find(made->spec.uid)->status.resolved->media->port >= 43000);
}

TEST_CASE("a name that was given over REST stays over a reload") {
  Daemonette rocd;
  const Peer named{rocd.self.uid, "mine", "host", true, 2};
  REQUIRE(
      rocd.store->put(StoredKind::peer, {named.uid, 2, {{"display_name", "mine"}}}).has_value());
  rocd.self = named;
  rocd.edit("name: studio", "name: attic");
  REQUIRE(rocd.reload().has_value());
  CHECK(rocd.self.display_name == "mine");
  CHECK(rocd.self.version == 2);
  CHECK(rocd.config.name == "attic");
}

TEST_CASE("the command line wins over what the file says anew") {
  Daemonette rocd;
  rocd.options.listen = "127.0.0.1:4040";
  rocd.edit("name: studio", "name: studio\nhttp: { listen: 127.0.0.1:81 }");
  const auto report = rocd.reload();
  REQUIRE(report.has_value());
  CHECK(report->restart_needed.empty());
  CHECK(rocd.config.origins.at("http.listen").place == "--listen");
}

TEST_CASE("a reload is told as an event, with what it changed") {
  Daemonette rocd;
  rocd.edit("192.168.1.20", "192.168.1.21");
  REQUIRE(rocd.reload().has_value());
  std::vector<std::string> told;
  for (auto seq = rocd.events.oldest_seq(); seq <= rocd.events.last_seq(); ++seq) {
    const auto event = rocd.events.find(seq);
    if (event->type == EventType::daemon_reloaded) told.push_back(event->envelope);
  }
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], ContainsSubstring(R"("changed":["/streams/)" + rocd.stream("send").str()));
}

TEST_CASE("without a file there is nothing to read anew") {
  Daemonette rocd;
  Reloader reloader(
      {rocd.config, rocd.self, *rocd.endpoints, *rocd.streams, *rocd.store, rocd.events}, nullptr);
  const auto report = reloader.reload();
  REQUIRE(report.has_error());
  CHECK(report.error().code == ErrorCode::conflict);
  CHECK_FALSE(report.error().hint.empty());
}
