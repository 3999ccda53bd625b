// Finds out what the installed roc-send and roc-recv can do, by running them: version, schemes, and
// FEC by a trial start over loopback (their own list names FEC even in builds without it).
// Needs no sound server. Decides nothing about streams.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "stream/stream_engine.hpp"
#include "supervise/spawner.hpp"

namespace rocd {

struct RocToolNames {
  std::string roc_send = "roc-send";  // a path, or a name that is looked up in PATH
  std::string roc_recv = "roc-recv";
};

// Absolute path of an executable file; empty if there is none.
[[nodiscard]] std::string find_executable(const std::string& name,
                                          const std::string& path_variable);

// The same of a tool, in the PATH of its environment.
[[nodiscard]] std::string find_roc_tool(const std::string& name,
                                        const std::vector<std::string>& environment);

// spawner outlives the coroutine. environment: of the tools, complete; its PATH is searched.
// `limit` bounds each run of a tool. One that exceeds it is killed: then the tool is not usable, or
// what was tried of it stays untried.
[[nodiscard]] boost::asio::awaitable<EngineInfo> probe_roc_tools(
    boost::asio::any_io_executor executor, Spawner& spawner, RocToolNames names,
    std::vector<std::string> environment, Duration limit);

}  // namespace rocd
