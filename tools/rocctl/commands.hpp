// The commands: each takes what the command line said and gives the exit code, or why it failed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rocctl/event_reader.hpp"
#include "rocctl/log.hpp"
#include "rocctl/session.hpp"
#include "rocctl/wait.hpp"

namespace rocctl {

using CommandResult = Outcome<Exit>;

[[nodiscard]] CommandResult show_status(const Session& session, const Wait& wait);
[[nodiscard]] CommandResult follow_events(const Session& session, const EventQuery& query);
[[nodiscard]] CommandResult check_config(const Session& session, const std::string& file);
[[nodiscard]] CommandResult show_config(const Session& session, bool changed_only);
[[nodiscard]] CommandResult reload_config(const Session& session);
[[nodiscard]] CommandResult show_daemon_log(const Session& session, const LogRequest& request);

struct DoctorOptions {
  bool tone = false;
  std::string profile = "balanced";  // of the tone's streams
};
[[nodiscard]] CommandResult run_doctor(const Session& session, const DoctorOptions& options);

struct EndpointOptions {
  std::string endpoint;  // of `set`
  std::optional<std::string> display_name{};
  std::optional<std::string> system_name{};
  std::string direction{};
  std::optional<int> channels{};
  std::optional<int> sample_rate{};
  std::optional<std::string> volume{};  // "0.25" or "-12dB"
  std::optional<bool> muted{};
  std::optional<bool> is_default{};
  Wait wait{};
};

[[nodiscard]] CommandResult list_endpoints(const Session& session);
[[nodiscard]] CommandResult show_endpoint(const Session& session, const std::string& endpoint);
[[nodiscard]] CommandResult add_endpoint(const Session& session, const EndpointOptions& options);
[[nodiscard]] CommandResult set_endpoint(const Session& session, const EndpointOptions& options);
[[nodiscard]] CommandResult remove_endpoints(const Session& session,
                                             const std::vector<std::string>& endpoints);

// Linear amplitude; "-12dB", "-12 dB" and "0.25" are read.
[[nodiscard]] Outcome<double> parse_volume(const std::string& text);

struct StreamOptions {
  std::string stream{};               // of `set`
  std::string source, destination{};  // a name or an address; empty with `set`: as it is
  std::string file{};                 // instead: the whole body, "-" is standard input
  std::optional<std::string> repair{}, control{};
  std::optional<std::string> display_name{};
  // Settings by their name in the API.
  std::vector<std::pair<std::string, std::string>> settings{};
  bool disabled = false;
  bool dry_run = false;
  Wait wait{};
};

[[nodiscard]] CommandResult list_streams(const Session& session);
[[nodiscard]] CommandResult show_stream(const Session& session, const std::string& stream);
[[nodiscard]] CommandResult add_stream(const Session& session, const StreamOptions& options);
[[nodiscard]] CommandResult set_stream(const Session& session, const StreamOptions& options);
[[nodiscard]] CommandResult enable_stream(const Session& session, const std::string& stream,
                                          bool enabled, const Wait& wait);
[[nodiscard]] CommandResult restart_stream(const Session& session, const std::string& stream,
                                           const Wait& wait);
[[nodiscard]] CommandResult remove_streams(const Session& session,
                                           const std::vector<std::string>& streams);
[[nodiscard]] CommandResult show_stream_log(const Session& session, const std::string& stream,
                                            LogRequest request);

}  // namespace rocctl
