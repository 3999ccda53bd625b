// The seam between deciding to run a program and running it. (pure: no Asio here)
// Implementations: ProcessSpawner (Boost.Process v2 with our launcher), test/fake/fake_spawner.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/line_ring.hpp"
#include "base/process_identity.hpp"
#include "base/result.hpp"

namespace rocd {

struct SpawnRequest {
  std::vector<std::string> argv;  // argv[0] is a path or a name looked up in PATH; never a shell
  std::vector<std::string> environment;  // "KEY=value", complete: nothing is inherited
  friend bool operator==(const SpawnRequest&, const SpawnRequest&) = default;
};

struct ExitStatus {
  enum class Kind { exited, signaled };
  Kind kind = Kind::exited;
  int value = 0;  // exit status or signal number
  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

// With what the operating system said: errno, 0 if it was not asked.
struct SpawnError : Error {
  int error_number = 0;
};
template <class T = void>
using SpawnResult = boost::system::result<T, SpawnError>;

// A live or just ended child. Not to be destroyed from on_output. Destroying it kills its process
// group (SIGKILL) and reaps it.
class SpawnedChild {
 public:
  virtual ~SpawnedChild() = default;
  [[nodiscard]] virtual ProcessIdentity identity() const = 0;
  // To the whole process group. Does nothing once the exit was reported.
  virtual void signal_group(int signal) = 0;
};

// Called from the reactor, never from within spawn(). on_exit comes exactly once, after all output
// that could be drained, and is the last call.
struct SpawnCallbacks {
  std::function<void(OutputChannel, std::string_view bytes)> on_output;
  std::function<void(ExitStatus)> on_exit;
};

class Spawner {
 public:
  virtual ~Spawner() = default;
  [[nodiscard]] virtual SpawnResult<std::unique_ptr<SpawnedChild>> spawn(
      const SpawnRequest& request, SpawnCallbacks callbacks) = 0;
};

}  // namespace rocd
