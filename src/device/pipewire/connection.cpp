#include "device/pipewire/connection.hpp"

#include <pipewire/impl-module.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <random>
#include <system_error>

namespace rocd::pw {
namespace {

// A daemon under heavy load answers late; one that was stopped does when it goes on.
constexpr Duration patience = 2s, patience_at_first = 5s;
constexpr auto frozen = "PipeWire does not answer (it is there, but frozen or overloaded)";
// The first sync ends after the registry listed its objects, the second after those that were bound
// meanwhile told their properties.
constexpr int rounds_until_ready = 2;
// Between the making of a socket and the first accept.
constexpr Duration socket_grace = 20ms;

ContextHandle make_context(Loop& loop) {
  // No configuration file: what it would load (threads, portals) is not for us. Nor is D-Bus.
  auto* properties = ::pw_properties_new("config.name", "null", "support.dbus", "false", nullptr);
  ContextHandle context(::pw_context_new(loop.get(), properties, 0));
  if (!context) throw std::system_error(errno, std::generic_category(), "pw_context_new");
  for (const auto* module : {"libpipewire-module-protocol-native", "libpipewire-module-metadata"}) {
    if (::pw_context_load_module(context.get(), module, nullptr, nullptr) == nullptr)
      throw std::system_error(errno, std::generic_category(), module);
  }
  return context;
}

}  // namespace

Connection::Connection(const boost::asio::any_io_executor& executor, Loop& loop, std::string remote,
                       Properties client_properties, Callbacks callbacks)
    : remote_(std::move(remote)),
      client_properties_(std::move(client_properties)),
      callbacks_(std::move(callbacks)),
      timer_(executor, [this] { on_timeout(); }),
      watch_(executor,
             [this] {
               backoff_.reset();
               timer_.arm(Now::read().mono + socket_grace);
             }),
      backoff_({.initial = 100ms, .cap = 5s, .factor = 2.0, .jitter = 0.2}, std::random_device{}()),
      context_(make_context(loop)) {}

void Connection::start() {
  state_ = State::waiting;
  timer_.arm(Now::read().mono);
}

void Connection::stop() {
  state_ = State::stopped;
  timer_.arm(std::nullopt);
  watch_.stop();
  hook_.remove();
  core_.reset();
}

void Connection::settle() {
  if (state_ != State::ready) return;
  if (sync_) {
    again_ = true;
  } else {
    send_sync();
  }
}

void Connection::open() {
  auto* properties = ::pw_properties_new(PW_KEY_REMOTE_NAME, remote_.c_str(), nullptr);
  for (const auto& [key, value] : client_properties_)
    ::pw_properties_set(properties, key.c_str(), value.c_str());
  core_.reset(::pw_context_connect(context_.get(), properties, 0));
  if (!core_) {
    const auto path = socket_path(remote_);
    return close("cannot connect to PipeWire at " + (path ? path->string() : remote_) + ": " +
                 std::strerror(errno));
  }
  static constexpr auto events = [] {
    pw_core_events table{};
    table.version = PW_VERSION_CORE_EVENTS;
    table.info = &Connection::on_info;
    table.done = &Connection::on_done;
    table.error = &Connection::on_error;
    return table;
  }();
  pw_core_add_listener(core_.get(), hook_.get(), &events, this);
  state_ = State::opening;
  lost_.reset();
  answered_ = again_ = false;
  rounds_left_ = rounds_until_ready;
  watch_.stop();
  callbacks_.on_open(core_.get());
  send_sync();
}

void Connection::close(const std::string& reason) {
  state_ = State::waiting;
  sync_.reset();
  version_.clear();
  callbacks_.on_close(reason);
  hook_.remove();
  core_.reset();
  if (state_ == State::waiting) wait();  // else it was stopped meanwhile
}

void Connection::wait() {
  if (const auto path = socket_path(remote_)) watch_.start(*path);
  timer_.arm(Now::read().mono + backoff_.next());
}

void Connection::send_sync() {
  sync_ = pw_core_sync(core_.get(), PW_ID_CORE, 0);
  timer_.arm(Now::read().mono + (state_ == State::ready ? patience : patience_at_first));
}

void Connection::turn() {
  if (state_ != State::opening && state_ != State::ready) return;
  if (lost_) return close(std::string(*lost_));
  if (!std::exchange(answered_, false)) return;
  sync_.reset();
  timer_.arm(std::nullopt);
  if (state_ == State::opening) {
    if (--rounds_left_ > 0) return send_sync();
    state_ = State::ready;
    backoff_.reset();
    callbacks_.on_ready();
  }
  if (state_ == State::ready) callbacks_.on_settled();
  if (std::exchange(again_, false)) settle();
}

void Connection::on_timeout() {
  if (state_ == State::waiting) return open();
  if (sync_ && !answered_) callbacks_.on_silence(frozen);
}

void Connection::on_info(void* self, const pw_core_info* info) {
  auto& connection = *static_cast<Connection*>(self);
  if (info->version != nullptr) connection.version_ = info->version;
  if (const auto text = lookup(info->props, "default.clock.rate"); !text.empty()) {
    std::uint32_t rate = 0;
    std::from_chars(text.data(), text.data() + text.size(), rate);
    if (rate != 0) connection.default_rate_ = rate;
  }
}

void Connection::on_done(void* self, std::uint32_t id, int seq) {
  auto& connection = *static_cast<Connection*>(self);
  if (id == PW_ID_CORE && connection.sync_ == seq) connection.answered_ = true;
}

void Connection::on_error(void* self, std::uint32_t id, int, int result, const char* message) {
  auto& connection = *static_cast<Connection*>(self);
  // Errors of single objects go to their proxies too.
  if (id != PW_ID_CORE || result != -EPIPE) return;
  connection.lost_ = std::string("the connection to PipeWire broke: ") +
                     (message != nullptr ? message : std::strerror(-result));
}

}  // namespace rocd::pw
