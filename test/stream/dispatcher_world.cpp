#include "dispatcher_world.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstdlib>
#include <stdexcept>

namespace rocd::test {
namespace asio = boost::asio;

namespace {

EndpointSpec endpoint(const Uid& self, const char* name, StreamDirection direction) {
  EndpointSpec spec;
  spec.uid = Uid::derive(self.str(), "endpoint", name);
  spec.name = spec.display_name = name;
  spec.system_name = std::string("rocd.") + name;
  spec.direction = direction;
  spec.origin = Origin::config;
  return spec;
}

MediaUri uri(const std::string& text) {
  return MediaUri::parse(text).value();
}

}  // namespace

DispatcherWorld::DispatcherWorld(const std::filesystem::path& state_directory,
                                 std::vector<StreamSpec> configured)
    : store(Store::open(state_directory).value()) {
  self = store->self_uid().value();
  driver.on_pending = [this] { asio::post(io, [this] { driver.deliver(); }); };
  spawner.on_pending = [this] { asio::post(io, [this] { spawner.deliver(); }); };
  spawner.on_spawn = [this](FakeProcess& process) {
    if (play_children) play(process);
  };
  endpoints = std::make_unique<EndpointDispatcher>(io.get_executor(), self, driver, *store, events);
  supervisor = std::make_unique<Supervisor>(io.get_executor(), spawner, registry, 1);
  StreamDispatcher::Options options;
  options.self = self;
  options.ports = {42000, 42099};
  streams = std::make_unique<StreamDispatcher>(io.get_executor(), options, engine, *supervisor,
                                               *endpoints, *store, events);
  const auto speaker_spec = endpoint(self, "speaker", StreamDirection::output);
  const auto microphone_spec = endpoint(self, "microphone", StreamDirection::input);
  speaker = speaker_spec.uid;
  microphone = microphone_spec.uid;
  if (!endpoints->start({speaker_spec, microphone_spec})) throw std::runtime_error("endpoints");
  for (auto& spec : configured) {
    for (auto* connection : {&spec.source, &spec.destination}) {
      if (auto* reference = std::get_if<EndpointRef>(connection)) reference->peer = self;
    }
  }
  if (!streams->start(configured)) throw std::runtime_error("streams");
  settle();
}

DispatcherWorld::~DispatcherWorld() {
  streams.reset();
  supervisor.reset();
  endpoints.reset();
}

bool DispatcherWorld::until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    io.restart();
    io.run_one_for(20ms);
  }
  return true;
}

void DispatcherWorld::settle() {
  io.restart();
  while (io.poll() > 0) io.restart();
}

StreamState DispatcherWorld::state(const Uid& uid) const {
  const auto stream = streams->find(uid);
  return stream ? stream->status.state : StreamState::failed;
}

bool DispatcherWorld::reaches(const Uid& uid, StreamState wanted) {
  return until([&] { return streams->find(uid) && state(uid) == wanted; });
}

FakeProcess* DispatcherWorld::process_of(const Uid& uid) {
  for (auto* process : spawner.alive()) {
    if (process->environment("FAKE_STREAM_UID") == uid.str()) return process;
  }
  return nullptr;
}

void DispatcherWorld::play(FakeProcess& process, bool linked) {
  const auto& argv = process.request.argv;
  const bool sends = argv.at(0) == "/fake/roc-send";
  process.print_line("device");
  for (const auto& argument : argv) {
    const auto address = MediaUri::parse(argument);
    if (sends || !address) continue;
    process.print_line("binding " + address->str());
    process.print_line("opened " + address->host + " " + std::to_string(address->port));
  }
  process.print_line("main-loop");
  StreamNodeInfo node;
  node.stream = *Uid::parse(*process.environment("FAKE_STREAM_UID"));
  node.serial = 1000 + process.identity.start_ticks;
  node.pid = process.identity.pid;
  node.capturing = sends;
  if (linked) node.linked_to = {driver.node(argv.at(1))};
  node.links = node.linked_to.size();
  driver.set_stream_node(node);
}

void DispatcherWorld::shut_down() {
  bool done = false;
  asio::co_spawn(io, streams->shutdown(), [&](const std::exception_ptr&) { done = true; });
  if (!until([&] { return done; })) throw std::runtime_error("shutdown hangs");
}

StreamSpec DispatcherWorld::sending() const {
  StreamSpec spec;
  spec.display_name = "send";
  spec.source = EndpointRef{self, speaker};
  ExternalAddress to;
  to.media = uri("rtp+rs8m://192.168.1.20:10001");
  to.repair = uri("rs8m://192.168.1.20:10002");
  spec.destination = to;
  return spec;
}

StreamSpec DispatcherWorld::receiving() const {
  StreamSpec spec;
  spec.display_name = "receive";
  spec.source = ExternalAddress{};
  spec.destination = EndpointRef{self, microphone};
  return spec;
}

StreamSpec DispatcherWorld::local() const {
  StreamSpec spec;
  spec.display_name = "local";
  spec.source = EndpointRef{self, speaker};
  spec.destination = EndpointRef{self, microphone};
  return spec;
}

}  // namespace rocd::test
