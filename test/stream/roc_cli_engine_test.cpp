// The engine against the installed tools, over loopback and with files: no sound server is needed.
// What the installed tools are not is played by small scripts.
#include "stream/roc_cli_engine.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "dispatcher_world.hpp"
#include "stream/tool_run.hpp"
#include "supervise/process_spawner.hpp"

namespace rocd::test {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

struct EngineWorld {
  asio::io_context io;
  ProcessSpawner spawner{io.get_executor()};

  template <class T>
  T await(asio::awaitable<T> task) {
    std::optional<T> result;
    std::exception_ptr failure;
    asio::co_spawn(io, std::move(task), [&](const std::exception_ptr& f, T value) {
      failure = f;
      result = std::move(value);
    });
    while (!result && !failure) {
      io.restart();
      io.run_one_for(1s);
    }
    if (failure) std::rethrow_exception(failure);
    return std::move(*result);
  }

  EngineInfo probe(const std::string& send, const std::string& recv) {
    return await(probe_roc_tools(io.get_executor(), spawner, {send, recv},
                                 roc_base_environment(::getenv), 3s));
  }
};

bool tools_are_installed() {
  const char* path = ::getenv("PATH");
  return path != nullptr && !find_executable("roc-send", path).empty() &&
         !find_executable("roc-recv", path).empty();
}

// An executable shell script that plays a tool.
std::string script(const TempDirectory& directory, const std::string& name,
                   const std::string& body) {
  const auto file = directory.path() / name;
  std::ofstream(file) << "#!/bin/sh\n" << body << "\n";
  fs::permissions(file, fs::perms::owner_all);
  return file.string();
}

const std::string answers_version =
    "case \"$1\" in --version) echo \"$(basename $0) 0.4.0\"; exit;; ";
const std::string lists =
    "--list-supported) echo '  audiosrc rtp:// rtp+rs8m:// rtp+ldpc://'; echo '  pulse:// "
    "file://'; "
    "exit;; ";
const std::string works = "echo 'pump: starting main loop' >&2; exec sleep 1000";

const ToolInfo& tool(const EngineInfo& info, std::string_view name) {
  return *std::find_if(info.tools.begin(), info.tools.end(),
                       [&](const ToolInfo& t) { return t.name == name; });
}

TEST_CASE("the installed tools are probed: version, schemes, and FEC by trial") {
  if (!tools_are_installed()) SKIP("roc-send and roc-recv are not installed");
  EngineWorld world;
  const auto info = world.probe("roc-send", "roc-recv");
  CHECK(info.probed);
  CHECK(info.usable);
  CHECK(info.id.starts_with("roc-cli/0.4"));
  for (const char* name : {"roc-send", "roc-recv"}) {
    const auto& found = tool(info, name);
    INFO(name << ": " << found.problem);
    CHECK(found.usable);
    CHECK(found.path.starts_with("/"));
    CHECK(std::count(found.schemes.begin(), found.schemes.end(), "rtp+rs8m") == 1);
    CHECK(std::count(found.schemes.begin(), found.schemes.end(), "pulse") == 1);
    // Every supported distribution's package that setup.sh installs has OpenFEC.
    CHECK(found.fec == std::vector{FecScheme::rs8m, FecScheme::ldpc});
    CHECK(found.problem.empty());
  }
}

TEST_CASE("missing tools are named, with the remedy") {
  EngineWorld world;
  const auto info = world.probe("no-such-send", "/no/such/recv");
  CHECK(info.probed);
  CHECK_FALSE(info.usable);
  CHECK(tool(info, "roc-send").problem == "'no-such-send' was not found");
  CHECK(tool(info, "roc-recv").problem == "'/no/such/recv' was not found");
  CHECK_FALSE(tool(info, "roc-send").hint.empty());
}

TEST_CASE("a build without OpenFEC is usable, and says that it cannot correct errors") {
  TempDirectory directory;
  const std::string refuses = answers_version + lists +
                              "esac; case \"$*\" in *--repair*) "
                              "echo \"08:12:08.580 [609] [err] roc_send: [main.cpp:375] "
                              "can't connect sender to source "
                              "endpoint\" >&2; exit 1;; esac; " +
                              works;
  EngineWorld world;
  const auto info =
      world.probe(script(directory, "roc-send", refuses), script(directory, "roc-recv", refuses));
  CHECK(info.usable);
  CHECK(tool(info, "roc-send").usable);
  CHECK(tool(info, "roc-send").fec.empty());
  CHECK(tool(info, "roc-send").problem == "roc-send cannot correct errors: FEC does not start");
  CHECK(tool(info, "roc-send").hint.find("OpenFEC") != std::string::npos);
  CHECK(tool(info, "roc-recv").fec.empty());
}

TEST_CASE("a build that aborts with too many SoX drivers is recognised") {
  TempDirectory directory;
  const std::string aborts = answers_version + "esac; kill -ABRT $$";
  EngineWorld world;
  const auto info =
      world.probe(script(directory, "roc-send", aborts), script(directory, "roc-recv", aborts));
  CHECK_FALSE(info.usable);
  CHECK(tool(info, "roc-send").problem == "roc-send --list-supported failed: it ended by SIGABRT");
  CHECK(tool(info, "roc-send").hint.find("libsox-fmt-alsa") != std::string::npos);
}

TEST_CASE("another version is refused, and a tool that hangs is given up") {
  TempDirectory directory;
  EngineWorld world;
  const auto old = script(directory, "roc-send", "echo 'roc-send 0.3.0'");
  const auto hangs = script(directory, "roc-recv", "sleep 1000");
  const auto started = std::chrono::steady_clock::now();
  const auto info = world.await(probe_roc_tools(
      world.io.get_executor(), world.spawner, {old, hangs}, roc_base_environment(::getenv), 300ms));
  CHECK(std::chrono::steady_clock::now() - started < 5s);
  CHECK_FALSE(info.usable);
  CHECK(tool(info, "roc-send").problem == "roc-send 0.3.0 is not supported");
  CHECK(tool(info, "roc-recv").problem == "roc-recv --version failed: it did not answer in time");
}

TEST_CASE("an engine whose tools are missing looks again and tells when they are there") {
  TempDirectory directory;
  asio::io_context io;
  ProcessSpawner spawner(io.get_executor());
  RocCliEngine::Options options;
  options.tools = {(directory.path() / "roc-send").string(),
                   (directory.path() / "roc-recv").string()};
  options.environment = ::getenv;
  options.look_again = 10ms;
  RocCliEngine engine(io.get_executor(), spawner, options);
  int changes = 0;
  engine.set_on_changed([&] { ++changes; });
  CHECK_FALSE(engine.info().probed);
  engine.start();
  const auto until = [&](const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!condition() && std::chrono::steady_clock::now() < deadline) {
      io.restart();
      io.run_one_for(20ms);
    }
    return condition();
  };
  REQUIRE(until([&] { return changes == 1; }));
  CHECK_FALSE(engine.info().usable);
  const auto body = answers_version + lists + "esac; exit 1";
  script(directory, "roc-send", body);
  script(directory, "roc-recv", body);
  REQUIRE(until([&] { return engine.info().usable && tool(engine.info(), "roc-recv").usable; }));
  bool done = false;
  asio::co_spawn(io, engine.shutdown(), [&](const std::exception_ptr&) { done = true; });
  CHECK(until([&] { return done; }));
}

StreamSpec receiving_spec(Protocol media, std::optional<Protocol> repair) {
  StreamSpec spec;
  spec.uid = Uid::derive("test", "stream", "loopback");
  ExternalAddress from;
  from.media = MediaUri{media, "127.0.0.1", 0};
  if (repair) from.repair = MediaUri{*repair, "127.0.0.1", 0};
  from.control = MediaUri{Protocol::rtcp, "127.0.0.1", 0};
  spec.source = from;
  spec.destination = EndpointRef{};
  return spec;
}

TEST_CASE("what the tools cannot do is refused before a child is made") {
  TempDirectory directory;
  asio::io_context io;
  ProcessSpawner spawner(io.get_executor());
  const auto body =
      answers_version + lists + "esac; case \"$*\" in *--repair*) exit 1;; esac; " + works;
  RocCliEngine::Options options;
  options.tools = {script(directory, "roc-send", body), script(directory, "roc-recv", body)};
  options.environment = ::getenv;
  RocCliEngine engine(io.get_executor(), spawner, options);
  StreamDevices devices;
  devices.playback_node = "feed";
  const auto early = engine.plan(receiving_spec(Protocol::rtp, std::nullopt), devices);
  REQUIRE(early.has_error());
  CHECK(early.error().code == ErrorCode::unavailable);
  bool done = false;
  asio::co_spawn(io, engine.probe(), [&](const std::exception_ptr&) { done = true; });
  while (!done) {
    io.restart();
    io.run_one_for(1s);
  }
  const auto fec = engine.plan(receiving_spec(Protocol::rtp_rs8m, Protocol::rs8m), devices);
  REQUIRE(fec.has_error());
  CHECK(fec.error().code == ErrorCode::unavailable);
  CHECK(fec.error().message.find("cannot do rtp+rs8m") != std::string::npos);
  const auto bare = engine.plan(receiving_spec(Protocol::rtp, std::nullopt), devices);
  REQUIRE(bare.has_value());
  CHECK(bare->resolved.engine == "roc-cli/0.4.0");
  CHECK(bare->resolved.target_latency == Duration(120ms));
  CHECK(bare->request.environment.back() ==
        roc_node_properties(Uid::derive("test", "stream", "loopback")));
  fs::remove(options.tools.roc_recv);
  const auto gone = engine.plan(receiving_spec(Protocol::rtp, std::nullopt), devices);
  REQUIRE(gone.has_error());
  CHECK(gone.error().code == ErrorCode::unavailable);
  CHECK(gone.error().message.find("is no longer there") != std::string::npos);
  const auto no_device = engine.plan(receiving_spec(Protocol::rtp, std::nullopt), {});
  REQUIRE(no_device.has_error());
  CHECK(no_device.error().code == ErrorCode::invalid_argument);
}

// Six seconds of a quiet tone, so that one of the reports that come every five seconds is seen.
std::string tone_file(const TempDirectory& directory) {
  constexpr std::uint32_t rate = 44100, frames = rate * 6, bytes = frames * 4;
  std::string data = "RIFF";
  const auto put = [&data](std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) data += static_cast<char>(value >> (8 * i) & 0xff);
  };
  put(36 + bytes, 4);
  data += "WAVEfmt ";
  put(16, 4);
  put(1, 2);
  put(2, 2);
  put(rate, 4);
  put(rate * 4, 4);
  put(4, 2);
  put(16, 2);
  data += "data";
  put(bytes, 4);
  for (std::uint32_t i = 0; i < frames; ++i) {
    const std::uint32_t sample = i % 100 < 50 ? 1000 : 64536;
    put(sample, 2);
    put(sample, 2);
  }
  const auto file = directory.path() / "tone.wav";
  std::ofstream(file, std::ios::binary) << data;
  return file.string();
}

// Files in place of devices: files know no io latency.
SpawnRequest with_file(SpawnRequest request, const std::string& option, const std::string& file) {
  auto& argv = request.argv;
  *std::next(std::find(argv.begin(), argv.end(), option)) = "file:" + file;
  const auto io = std::find(argv.begin(), argv.end(), "--io-latency");
  argv.erase(io, std::next(io, 2));
  return request;
}

template <class F>
std::vector<F> facts_of(const std::vector<EngineFact>& facts) {
  std::vector<F> found;
  for (const auto& fact : facts) {
    if (const auto* one = std::get_if<F>(&fact)) found.push_back(*one);
  }
  return found;
}

TEST_CASE("a real sender and a real receiver: addresses, session and latency arrive as facts") {
  if (!tools_are_installed()) SKIP("roc-send and roc-recv are not installed");
  TempDirectory directory;
  EngineWorld world;
  RocCliEngine::Options options;
  options.environment = ::getenv;
  RocCliEngine engine(world.io.get_executor(), world.spawner, options);
  world.await([](RocCliEngine& e) -> asio::awaitable<bool> {
    co_await e.probe();
    co_return true;
  }(engine));
  StreamDevices devices;
  devices.playback_node = devices.capture_node = "none";
  auto receiving = receiving_spec(Protocol::rtp_rs8m, Protocol::rs8m);
  auto plan = engine.plan(receiving, devices).value();
  CHECK(plan.untold_latency == 10ms);  // a frame
  receiving.settings.profile = Profile::low;
  CHECK(engine.plan(receiving, devices).value().untold_latency == 5ms);
  const auto request =
      with_file(plan.request, "--output", (directory.path() / "heard.wav").string());

  std::vector<EngineFact> received, sent;
  std::map<Interface, MediaUri> bound;
  std::optional<Interface> binding;
  std::unique_ptr<SpawnedChild> sender;
  LineSplitter sender_lines;
  const auto start_sender = [&] {
    StreamSpec sending;
    sending.uid = Uid::derive("test", "stream", "sender");
    sending.source = EndpointRef{};
    sending.destination = ExternalAddress{bound[Interface::media], bound[Interface::repair],
                                          bound[Interface::control]};
    auto sender_plan = engine.plan(sending, devices).value();
    SpawnCallbacks callbacks;
    callbacks.on_output = [&](OutputChannel, std::string_view bytes) {
      sender_lines.feed(bytes, [&](const std::string& line) {
        if (auto fact = engine.parse(line)) sent.push_back(*fact);
      });
    };
    callbacks.on_exit = [](ExitStatus) {};
    sender = world.spawner
                 .spawn(with_file(sender_plan.request, "--input", tone_file(directory)),
                        std::move(callbacks))
                 .value();
  };
  const auto see = [&](const std::string& line) {
    const auto fact = engine.parse(line);
    if (!fact) return false;
    received.push_back(*fact);
    if (const auto* asked = std::get_if<FactBinding>(&*fact)) {
      bound[asked->interface] = asked->asked;
      binding = asked->interface;
    } else if (const auto* port = std::get_if<FactPortOpened>(&*fact); port && binding) {
      bound[*binding].port = port->port;
      binding.reset();
    } else if (std::holds_alternative<FactMainLoop>(*fact)) {
      start_sender();
    }
    const auto latencies = facts_of<FactLatency>(received);
    return !latencies.empty() && latencies.back().network_ms.has_value();
  };
  auto run = world.await(run_tool(world.io.get_executor(), world.spawner, request,
                                  Now::read().mono + Duration(30s), see));
  INFO((run.lines.empty() ? run.problem : run.lines.back()));
  CHECK_FALSE(run.timed_out);
  CHECK(bound.size() == 3);
  for (const auto& [interface, address] : bound) CHECK(address.port != 0);
  CHECK(facts_of<FactDeviceOpened>(received).size() == 1);
  // A busy machine may lose a session and begin another one.
  CHECK_FALSE(facts_of<FactSessionUp>(received).empty());
  CHECK(facts_of<FactError>(received).empty());
  const auto latencies = facts_of<FactLatency>(received);
  REQUIRE_FALSE(latencies.empty());
  const auto& latency = latencies.back();
  REQUIRE(latency.network_ms);
  CHECK(*latency.network_ms > 0);
  CHECK(*latency.network_ms < 500);
  CHECK(latency.target_ms == 120.0);
  CHECK(latency.e2e_ms.has_value());  // rtcp, and both ends read one clock
  CHECK(facts_of<FactMainLoop>(sent).size() == 1);
  REQUIRE_FALSE(facts_of<FactReceiver>(sent).empty());
  CHECK(facts_of<FactReceiver>(sent).front().heard);
}

}  // namespace
}  // namespace rocd::test
