#include "device/pipewire_driver.hpp"

#include <optional>
#include <type_traits>

#include "aio/machine_timer.hpp"
#include "base/log.hpp"
#include "base/overloaded.hpp"
#include "base/version.hpp"
#include "device/device_machine.hpp"
#include "device/pipewire/connection.hpp"
#include "device/pipewire/objects.hpp"
#include "device/pipewire/registry.hpp"

namespace rocd {
struct PipeWireDriver::Impl {
  Impl(const boost::asio::any_io_executor& executor, const Options& options)
      : machine(options.peer),
        loop(executor, [this] { turn(); }),
        connection(executor, loop, options.remote, client_properties(options),
                   {.on_open = [this](pw_core* core) { open(core); },
                    .on_ready = [this] { ready(); },
                    .on_settled = [this] { settled(); },
                    .on_silence = [this](const std::string& reason) { fall_silent(reason); },
                    .on_close = [this](const std::string& reason) { close(reason); }}),
        timer(executor, [this] { connection.settle(); }),
        objects({.on_bound =
                     [this](auto token, GlobalId id) {
                       machine.handle_bound(token, id);
                       connection.settle();
                     },
                 .on_gone =
                     [this](auto token, const std::string& reason) {
                       machine.handle_gone(token, reason);
                       connection.settle();
                     }}) {}

  static Properties client_properties(const Options& options) {
    return {{PW_KEY_APP_NAME, "rocd"},
            {PW_KEY_APP_VERSION, std::string(rocd::version())},
            {property::instance, options.peer.str()}};
  }

  void open(pw_core* core) {
    registry.emplace(core, machine.graph(), [this] { connection.settle(); });
  }

  void ready() {
    // Nodes of an earlier connection of this very process are leftovers, too: the daemon drops them
    // when it reads that the connection was closed.
    machine.handle_connected(session + "-" + std::to_string(++connections));
    if (const auto rate = connection.default_rate()) machine.handle_default_rate(*rate);
    log("device").info("connected to PipeWire {}", connection.version());
    tell_connection(true, "");
  }

  void close(const std::string& reason) {
    objects.clear();
    registry.reset();
    timer.arm(std::nullopt);
    checking = false;
    silence.clear();
    manager_runs = true;
    if (told_connected.value_or(true)) log("device").warn("{}", reason);
    tell_connection(false, reason);
    machine.handle_disconnected(reason);
    deliver();
  }

  void settled() {
    machine.handle_settled(Now::read().mono);
    bool changed = false;
    while (auto effect = machine.poll_effect()) {
      std::visit([this](const auto& e) { run(e); }, *effect);
      changed = true;
    }
    if (changed) connection.settle();
    timer.arm(machine.poll_timeout());
    deliver();
    tell_answer();
  }

  // What was made stays: a daemon that was stopped, or has too much to do, goes on with it. One
  // that is killed closes the connection.
  void fall_silent(const std::string& reason) {
    log("device").warn("{}", reason);
    if (!connection.ready()) return tell_connection(false, reason);
    silence = reason;
    checking = false;
    call(callbacks.on_answer, false, reason);
  }

  void tell_answer() {
    const bool was_silent = !std::exchange(silence, {}).empty();
    if (was_silent) log("device").info("PipeWire answers again");
    if (std::exchange(checking, false) || was_silent)
      call(callbacks.on_answer, true, std::string());
  }

  void turn() {
    connection.turn();
    if (registry) registry->bury();
    objects.bury();
  }

  void run(const DeviceMachine::CreateNode& effect) {
    objects.create_node(connection.core(), effect.token, effect.properties);
  }
  void run(const DeviceMachine::CreateLink& effect) {
    auto properties = effect.properties;
    properties.emplace_back(PW_KEY_LINK_OUTPUT_NODE, std::to_string(effect.output.node));
    properties.emplace_back(PW_KEY_LINK_OUTPUT_PORT, std::to_string(effect.output.id));
    properties.emplace_back(PW_KEY_LINK_INPUT_NODE, std::to_string(effect.input.node));
    properties.emplace_back(PW_KEY_LINK_INPUT_PORT, std::to_string(effect.input.id));
    objects.create_link(connection.core(), effect.token, properties);
  }
  void run(const DeviceMachine::Destroy& effect) { objects.destroy(effect.token); }
  void run(const DeviceMachine::DestroyGlobal& effect) { registry->destroy(effect.id); }
  void run(const DeviceMachine::Prime& effect) { registry->start_and_pause(effect.node); }
  void run(const DeviceMachine::Resume& effect) { registry->start(effect.node); }
  void run(const DeviceMachine::SetVolume& effect) {
    registry->set_volume(effect.node, effect.channels, effect.muted);
  }
  void run(const DeviceMachine::SetDefault& effect) {
    registry->set_default(effect.sink, effect.node_name);
  }
  void run(const DeviceMachine::ReadDefaults&) { registry->read_defaults(); }

  // Callbacks may call back into the driver; also shutdown(), which empties `callbacks`.
  void deliver() {
    while (auto event = machine.poll_event()) {
      std::visit(Overloaded{
                     [&](const DeviceInfo& info) { call(callbacks.on_device, info); },
                     [&](const DeviceMachine::DeviceGone& gone) {
                       call(callbacks.on_device_gone, gone.node_name);
                     },
                     [&](const DeviceMachine::DeviceProblem& told) {
                       call(callbacks.on_device_problem, told.device, told.problem);
                     },
                     [&](const StreamNodeInfo& info) { call(callbacks.on_stream_node, info); },
                     [&](const DeviceMachine::StreamNodeGone& gone) {
                       call(callbacks.on_stream_node_gone, gone.stream, gone.serial);
                     },
                     [&](const DeviceMachine::LinkChanged& link) {
                       call(callbacks.on_link, link.stream, link.linked, link.reason);
                     },
                     [&](const DeviceMachine::SessionManager& manager) {
                       manager_runs = manager.runs;
                       call(callbacks.on_session_manager, manager.runs);
                     },
                 },
                 *event);
    }
  }

  template <class Function, class... Arguments>
  static void call(const Function& function, const Arguments&... arguments) {
    if (const auto copy = function) copy(arguments...);  // a callback may replace itself
  }

  void tell_connection(bool connected, const std::string& reason) {
    if (told_connected == connected) return;
    told_connected = connected;
    call(callbacks.on_connection, connected, reason);
  }

  void shutdown() {
    callbacks = {};
    timer.arm(std::nullopt);
    objects.clear();
    registry.reset();
    connection.stop();
  }

  const std::string session = Uid::random().str();
  std::uint64_t connections = 0;
  std::optional<bool> told_connected;
  bool checking = false;  // somebody waits for on_answer
  std::string silence;    // since when it does not answer: why
  bool manager_runs = true;
  DeviceCallbacks callbacks;
  DeviceMachine machine;
  pw::Loop loop;
  pw::Connection connection;
  MachineTimer timer;  // of the machine
  // In this order: bindings and objects go before the core.
  std::optional<pw::Registry> registry;
  pw::Objects objects;
};

PipeWireDriver::PipeWireDriver(const boost::asio::any_io_executor& executor, const Options& options)
    : impl_(std::make_unique<Impl>(executor, options)) {}

PipeWireDriver::~PipeWireDriver() {
  impl_->shutdown();
}

void PipeWireDriver::start(DeviceCallbacks callbacks) {
  impl_->callbacks = std::move(callbacks);
  impl_->connection.start();
}

void PipeWireDriver::ensure_device(const VirtualDevice& device) {
  impl_->machine.ensure_device(device);
  impl_->connection.settle();
}

void PipeWireDriver::remove_device(const Uid& uid) {
  impl_->machine.remove_device(uid);
  impl_->connection.settle();
}

void PipeWireDriver::ensure_link(const LinkRequest& link) {
  impl_->machine.ensure_link(link);
  impl_->connection.settle();
}

void PipeWireDriver::remove_link(const Uid& stream) {
  impl_->machine.remove_link(stream);
  impl_->connection.settle();
}

namespace {
Error away() {
  return {.code = ErrorCode::unavailable,
          .message = "PipeWire is not there",
          .where = {},
          .hint = "start it, or check audio.remote in the configuration",
          .fields = {}};
}
}  // namespace

Result<> PipeWireDriver::set_volume(const std::string& node_name, double volume, bool muted) {
  if (!connected()) return away();
  auto result = impl_->machine.set_volume(node_name, volume, muted);
  impl_->connection.settle();
  return result;
}

Result<> PipeWireDriver::set_default(const std::string& node_name) {
  if (!connected()) return away();
  auto result = impl_->machine.set_default(node_name);
  impl_->connection.settle();
  return result;
}

Result<> PipeWireDriver::clear_default(const std::string& node_name) {
  if (!connected()) return away();
  auto result = impl_->machine.clear_default(node_name);
  impl_->connection.settle();
  return result;
}

void PipeWireDriver::check() {
  if (!connected() || !impl_->silence.empty()) return;
  impl_->checking = true;
  impl_->connection.settle();
}

bool PipeWireDriver::session_manager_runs() const {
  return impl_->manager_runs;
}

std::string PipeWireDriver::silence() const {
  return impl_->silence;
}

bool PipeWireDriver::connected() const {
  return impl_->connection.ready();
}

std::string PipeWireDriver::version() const {
  return impl_->connection.version();
}

void PipeWireDriver::shutdown() {
  impl_->shutdown();
}

}  // namespace rocd
