#include "app/daemon.hpp"

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <random>

#include "aio/task_group.hpp"
#include "aio/with_deadline.hpp"
#include "api/api.hpp"
#include "api/event_publisher.hpp"
#include "api/http_server.hpp"
#include "app/child_registry.hpp"
#include "app/process_setup.hpp"
#include "app/reloader.hpp"
#include "app/service_manager.hpp"
#include "app/store_watch.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "device/endpoint_dispatcher.hpp"
#include "device/pipewire_driver.hpp"
#include "model/json.hpp"
#include "stream/roc_cli_engine.hpp"
#include "stream/stream_dispatcher.hpp"
#include "supervise/orphans.hpp"
#include "supervise/process_info.hpp"
#include "supervise/process_spawner.hpp"
#include "supervise/supervisor.hpp"

namespace rocd {
namespace asio = boost::asio;
namespace {

// Everything must be gone 5 s after a signal; children get 2 s of it before they are killed.
constexpr Duration shutdown_limit = 4500ms;

const char* environment(const char* name) {
  return std::getenv(name);
}

std::string host_name() {
  std::string name;
  std::ifstream("/proc/sys/kernel/hostname") >> name;
  return name;
}

// Half of the descriptors are left for children, files and the sound system.
HttpLimits http_limits() {
  HttpLimits limits;
  limits.connections = std::min(limits.connections, descriptor_limit() / 2);
  return limits;
}

// Ends the children that a killed rocd left behind, before anything could meet their ports.
Result<> end_orphans(Store& store) {
  auto children = store.load_children();
  if (!children) return children.error();
  std::vector<OrphanRecord> records;
  records.reserve(children->size());
  for (const auto& child : *children) records.push_back({child.boot_id, child.identity});
  for (const auto& killed : kill_orphans(records))
    log("app").warn("ended process {}, left behind by a rocd that was killed", killed.pid);
  // A record that stays is harmless: nobody else will be that process. The disk may be full.
  for (const auto& child : *children) {
    if (const auto removed = store.remove_child(child.stream); !removed) {
      log("app").warn("cannot forget the children of the rocd before: {}",
                      to_string(removed.error()));
      break;
    }
  }
  return {};
}

}  // namespace

// Members are constructed in the order of dependence and destroyed in reverse.
struct Daemon::Impl {
  Impl(asio::io_context& io_, Config config_, Reloader::Load load, std::unique_ptr<Store> store_,
       const Uid& uid, const Starter& starter_)
      : io(io_),
        config(std::move(config_)),
        starter(starter_),
        store(std::move(store_)),
        self{uid, config.name, host_name(), true, 1},
        spawner(io.get_executor()),
        registry(*store, current_boot_id()),
        supervisor(io.get_executor(), spawner, registry, std::random_device{}()),
        driver(io.get_executor(), {config.audio.remote, uid}),
        engine(
            io.get_executor(), spawner,
            {.tools = {config.tools.roc_send, config.tools.roc_recv}, .environment = environment}),
        events(Uid::random().str().substr(0, 6)),  // tells this run from others
        store_watch(io.get_executor(), *store, events),
        endpoints(io.get_executor(), uid, driver, *store, events),
        streams(io.get_executor(), {uid, config.ports, config.tools.allow_extra_args}, engine,
                supervisor, endpoints, *store, events),
        reloader({config, self, endpoints, streams, *store, events}, std::move(load)),
        api({self, endpoints, streams, *store, engine, config, Now::read().mono, events,
             [this] { return reload(); }}),
        http(
            io.get_executor(), [this](const HttpRequest& request) { return api.handle(request); },
            http_limits()),
        manager(io.get_executor(), environment, [this] { return status_text(); }),
        signals(io),
        tasks(io.get_executor()) {
    if (manager.present())
      manager_news = events.subscribe([this] { manager.changed(); }, EventBus::Interest::changes);
    http.set_on_refusal([this](int status) { api.count_refusal(status); });
  }

  [[nodiscard]] std::string status_text() const {
    const auto pipewire = !driver.connected()             ? PipeWireState::absent
                          : !driver.silence().empty()     ? PipeWireState::silent
                          : driver.session_manager_runs() ? PipeWireState::connected
                                                          : PipeWireState::unmanaged;
    return service_status(streams.count_states(), pipewire, reload_failed);
  }
  Result<> load_self();
  Result<> listen();
  Result<> start();
  Result<ReloadReport> reload();
  asio::awaitable<void> supervise_signals();
  asio::awaitable<void> supervise_starter();
  void begin_stop(std::string_view reason, bool as_asked);
  asio::awaitable<void> stop(bool as_asked);
  asio::awaitable<bool> end_everything();
  void stop_forcibly();

  asio::io_context& io;
  Config config;
  Starter starter;
  std::string url;
  bool stopping = false;
  bool ended_as_asked = false;
  bool reload_failed = false;  // the last one

  std::unique_ptr<Store> store;
  Peer self;
  ProcessSpawner spawner;
  StoreChildRegistry registry;
  Supervisor supervisor;
  PipeWireDriver driver;
  RocCliEngine engine;
  EventBus events;
  StoreWatch store_watch;
  EndpointDispatcher endpoints;
  StreamDispatcher streams;
  Reloader reloader;
  Api api;
  HttpServer http;
  std::unique_ptr<EventPublisher> publisher;  // null: not asked for
  ServiceManager manager;
  EventBus::Subscription manager_news;
  asio::signal_set signals;
  TaskGroup tasks;
};

// A name given over REST outlives the daemon and wins over the configuration's.
Result<> Daemon::Impl::load_self() {
  const auto stored = load_peer(*store, self.uid);
  if (!stored) return stored.error();
  if (!stored->display_name.empty()) self.display_name = stored->display_name;
  self.version = stored->version;
  return {};
}

Result<> Daemon::Impl::listen() {
  auto address = http.listen_tcp(config.http.listen_host, config.http.listen_port);
  if (!address) return address.error();
  url = "http://" + *address;
  if (config.http.unix_socket)
    if (auto bound = http.listen_unix(*config.http.unix_socket); !bound) return bound;
  if (const auto socket = events_socket(config)) {
    auto opened = EventPublisher::open(*socket, events);
    if (!opened) return opened.error();
    publisher = std::move(*opened);
  }
  return {};
}

Result<> Daemon::Impl::start() {
  if (auto started = endpoints.start(endpoint_specs(config)); !started) return started;
  if (auto started = streams.start(stream_specs(config)); !started) return started;
  engine.start();
  log("app").info("rocd {} is peer {} '{}', state in {}", version(), self.uid.str(),
                  self.display_name, config.state_dir.string());
  log("app").info("REST API on {}{}", url,
                  config.http.unix_socket ? " and " + config.http.unix_socket->string() : "");
  manager.ready();
  if (!starter.ready_fd) return {};
  if (const auto announced = announce_ready(*starter.ready_fd, url); !announced)
    begin_stop(to_string(announced.error()), false);
  return {};
}

// systemd.service(5), Type=notify-reload: told before and after, whatever came of it.
Result<ReloadReport> Daemon::Impl::reload() {
  manager.reloading();
  auto report = reloader.reload();
  api.review_readers();  // before the reactor lets anything be written
  reload_failed = report.has_error();
  manager.ready();
  return report;
}

asio::awaitable<void> Daemon::Impl::supervise_signals() {
  for (;;) {
    const int signal = co_await signals.async_wait(asio::use_awaitable);
    if (signal == SIGHUP && !stopping) {
      log("app").info("SIGHUP: reading the configuration anew");
      (void)reload();  // it tells the log
    } else if (signal == SIGHUP) {
      log("app").info("SIGHUP: nothing is read anew while stopping");
    } else if (stopping) {
      stop_forcibly();
    } else {
      begin_stop(signal == SIGINT ? "SIGINT" : "SIGTERM", true);
    }
  }
}

asio::awaitable<void> Daemon::Impl::supervise_starter() {
  asio::posix::stream_descriptor process(io, *starter.process);
  co_await process.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable);
  if (!stopping) begin_stop("the process that started rocd has ended", true);
}

void Daemon::Impl::begin_stop(std::string_view reason, bool as_asked) {
  stopping = true;
  log("app").log(as_asked ? spdlog::level::info : spdlog::level::critical, "{}: stopping", reason);
  manager.stopping();
  tasks.spawn("stop", stop(as_asked));
}

asio::awaitable<void> Daemon::Impl::stop(bool as_asked) {
  ended_as_asked = co_await end_everything() && as_asked;
  io.stop();
}

// In order: no trials of tools, no new requests, no new children, no nodes.
asio::awaitable<bool> Daemon::Impl::end_everything() {
  events.publish(EventType::daemon_stopping, "/system", nullptr, nullptr, Now::read().wall);
  const auto everything = [this]() -> asio::awaitable<bool> {
    co_await engine.shutdown();
    co_await http.shutdown();
    co_await streams.shutdown();
    endpoints.shutdown();
    co_return true;
  };
  const auto done = co_await with_deadline(Now::read().mono + shutdown_limit, everything());
  if (done) {
    log("app").info("stopped");
    co_return true;
  }
  log("app").error("not everything ended in time: killing what is left");
  supervisor.kill_now();
  endpoints.shutdown();
  co_return false;
}

void Daemon::Impl::stop_forcibly() {
  log("app").warn("second signal: ending at once");
  supervisor.kill_now();
  endpoints.shutdown();
  ended_as_asked = true;
  io.stop();
}

Result<std::unique_ptr<Daemon>> Daemon::create(asio::io_context& io, Config config,
                                               Reloader::Load load, const Starter& starter) {
  auto store = Store::open(config.state_dir);
  if (!store) return store.error();
  auto uid = (*store)->self_uid();
  if (!uid) return uid.error();
  if (auto swept = end_orphans(**store); !swept) return swept.error();
  assign_uids(config, *uid);

  auto impl = std::make_unique<Impl>(io, std::move(config), std::move(load), std::move(*store),
                                     *uid, starter);
  // Caught from here on: a signal during the start is an orderly end, too.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) impl->signals.add(signal);
  if (auto loaded = impl->load_self(); !loaded) return loaded.error();
  if (auto listening = impl->listen(); !listening) return listening.error();
  return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

bool Daemon::run() {
  asio::post(impl_->io, [this] {
    if (const auto started = impl_->start(); !started) {
      log("app").critical("cannot start: {}", to_string(started.error()));
      impl_->io.stop();
    }
  });
  impl_->tasks.spawn("signals", impl_->supervise_signals());
  if (impl_->starter.process) impl_->tasks.spawn("starter", impl_->supervise_starter());
  impl_->io.run();
  return impl_->ended_as_asked;
}

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Daemon::~Daemon() = default;

}  // namespace rocd
