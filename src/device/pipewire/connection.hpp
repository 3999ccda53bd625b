// The connection to the PipeWire daemon: made, proven alive, lost, made again. One that is frozen
// is told of, and kept: the daemon may go on. Knows nothing of what is in the graph.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "aio/machine_timer.hpp"
#include "base/backoff.hpp"
#include "device/pipewire/handles.hpp"
#include "device/pipewire/loop.hpp"
#include "device/pipewire/socket_watch.hpp"
#include "device/recipe.hpp"

namespace rocd::pw {

class Connection {
 public:
  // None is called from a PipeWire callback, nor from start(), settle() or stop().
  struct Callbacks {
    std::function<void(pw_core*)> on_open;  // attach to the core; it may still turn out to be dead
    std::function<void()> on_ready;         // the daemon answers and has told all that is there
    std::function<void()> on_settled;       // all that happened before settle() has been told
    // What was asked is not answered in time. It still may be: on_ready or on_settled comes then.
    std::function<void(const std::string& reason)> on_silence;
    // Let go of everything made with the core: it is closed afterwards. Also after a failed
    // attempt.
    std::function<void(const std::string& reason)> on_close;
  };

  // loop outlives the connection.
  Connection(const boost::asio::any_io_executor& executor, Loop& loop, std::string remote,
             Properties client_properties, Callbacks callbacks);

  void start();
  void stop();    // closes without on_close; bounded, also with a frozen daemon
  void settle();  // asks for on_settled; no effect unless ready
  void turn();    // to be called after each turn of the loop

  [[nodiscard]] bool ready() const { return state_ == State::ready; }
  [[nodiscard]] pw_core* core() const { return core_.get(); }
  [[nodiscard]] const std::string& version() const { return version_; }
  [[nodiscard]] std::optional<std::uint32_t> default_rate() const { return default_rate_; }

 private:
  enum class State { stopped, waiting, opening, ready };

  void open();
  void close(const std::string& reason);
  void wait();
  void send_sync();
  void on_timeout();

  static void on_info(void* self, const pw_core_info* info);
  static void on_done(void* self, std::uint32_t id, int seq);
  static void on_error(void* self, std::uint32_t id, int seq, int result, const char* message);

  std::string remote_;
  Properties client_properties_;
  Callbacks callbacks_;
  MachineTimer timer_;  // waiting: the next attempt; else: patience with the daemon
  SocketWatch watch_;
  Backoff backoff_;
  ContextHandle context_;

  State state_ = State::stopped;
  int rounds_left_ = 0;  // syncs until ready
  std::optional<int> sync_;
  bool answered_ = false;
  bool again_ = false;
  std::optional<std::string> lost_;
  std::string version_;
  std::optional<std::uint32_t> default_rate_;
  CoreHandle core_;
  Hook hook_;
};

}  // namespace rocd::pw
