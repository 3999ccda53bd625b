// Runs a short-lived program to its end, or until its output says enough. Kills it after that.
// Output is bounded; what goes beyond is dropped.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "supervise/spawner.hpp"

namespace rocd {

struct ToolRun {
  std::optional<ExitStatus> exit;  // nullopt: killed by us
  bool timed_out = false;
  std::string problem;             // could not be started
  std::vector<std::string> lines;  // of both channels

  [[nodiscard]] bool succeeded() const { return exit && *exit == ExitStatus{}; }
  [[nodiscard]] bool has(std::string_view part) const;
};

// `enough` is asked after each line (it may start other things); true ends the run.
// Cancelled while it runs, it ends by operation_aborted, and the program with it.
[[nodiscard]] boost::asio::awaitable<ToolRun> run_tool(
    boost::asio::any_io_executor executor, Spawner& spawner, SpawnRequest request, Instant deadline,
    std::function<bool(const std::string& line)> enough = nullptr);

}  // namespace rocd
