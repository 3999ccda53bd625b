// The engine of today: one roc-send or roc-recv 0.4 per stream. Knows the tools (probe, command
// line, environment, log); looks at them again while one is missing, and when one is another file.
// Starts no stream itself.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "aio/task_group.hpp"
#include "stream/roc_arguments.hpp"
#include "stream/roc_probe.hpp"
#include "stream/stream_engine.hpp"
#include "supervise/spawner.hpp"

namespace rocd {

class RocCliEngine final : public StreamEngine {
 public:
  struct Options {
    RocToolNames tools;
    GetEnvironment environment;  // getenv(3) in the daemon
    Duration run_limit = 3s;     // of each run of a tool while probing
    // While a tool is missing or unusable: how often it is looked for, and, if it is the same file
    // as before, run again at the latest. In any case it is not looked at more often.
    Duration look_again = 2s, look_again_at_most = 60s;
  };

  // spawner outlives the engine.
  RocCliEngine(boost::asio::any_io_executor executor, Spawner& spawner, Options options);

  void start();  // probes in the background
  [[nodiscard]] boost::asio::awaitable<void> shutdown();

  // Probes now and waits for it (doctor, a person who has just installed the tools).
  [[nodiscard]] boost::asio::awaitable<void> probe();

  [[nodiscard]] const EngineInfo& info() const override { return info_; }
  void set_on_changed(std::function<void()> on_changed) override;
  void check_tools() override;
  [[nodiscard]] Result<StreamPlan> plan(const StreamSpec& spec,
                                        const StreamDevices& devices) const override;
  [[nodiscard]] std::string sound_server() const override;
  [[nodiscard]] std::optional<EngineFact> parse(std::string_view line) const override;

 private:
  struct ToolFile {
    std::string path;  // empty: there is none
    std::uint64_t inode = 0;
    std::int64_t size = 0;
    std::pair<std::int64_t, std::int64_t> changed;  // ctime: seconds, nanoseconds
    friend bool operator==(const ToolFile&, const ToolFile&) = default;
  };
  boost::asio::awaitable<void> watch();
  boost::asio::awaitable<void> until_doubted();
  [[nodiscard]] bool all_known() const;
  [[nodiscard]] std::vector<ToolFile> files() const;
  [[nodiscard]] const ToolInfo* tool(std::string_view name) const;

  Spawner& spawner_;
  Options options_;
  std::vector<std::string> environment_;
  EngineInfo info_;
  std::function<void()> on_changed_;
  std::vector<ToolFile> seen_;       // when the tools were last looked at
  bool doubted_ = false;             // others are there now
  boost::asio::steady_timer doubt_;  // never expires; cancelled when doubted_ is set
  TaskGroup tasks_;
};

}  // namespace rocd
