// The command line and the environment of roc-send and roc-recv 0.4. (pure)
// Argument vectors only; no shell ever sees them. Later tool versions have other options: they get
// a file of their own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "model/stream.hpp"
#include "stream/stream_engine.hpp"
#include "stream/stream_tuning.hpp"

namespace rocd {

// Addresses of the spec are complete: nothing is left to choose. `tool` becomes argv[0].
[[nodiscard]] std::vector<std::string> roc_send_arguments(
    const std::string& tool, const StreamSpec& spec, const ExternalAddress& to,
    const std::string& capture_node, bool capture_is_monitor, const StreamTuning& tuning);
[[nodiscard]] std::vector<std::string> roc_recv_arguments(const std::string& tool,
                                                          const StreamSpec& spec,
                                                          const ExternalAddress& from,
                                                          const std::string& playback_node,
                                                          const StreamTuning& tuning);

// getenv(3) or a fake; nullptr for unset.
using GetEnvironment = std::function<const char*(const char*)>;

// What a tool needs to reach the session's sound server, and nothing else of ours.
[[nodiscard]] std::vector<std::string> roc_base_environment(const GetEnvironment& get);

// The Unix socket that libpulse in such an environment will connect to; empty: none.
[[nodiscard]] std::string pulse_socket(const std::vector<std::string>& environment);

// PULSE_PROP=… for one stream's node: its identity, and that it must not move to another device.
[[nodiscard]] std::string roc_node_properties(const Uid& stream);

}  // namespace rocd
