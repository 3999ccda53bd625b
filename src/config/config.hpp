// The YAML file as values. Strict: an unknown key, a wrong type or a bad value is an error with
// file:line:column and what would have been right. The daemon never writes the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

// http.listen is parsed by config/listen.hpp, shared with the command line.
#include "base/log.hpp"
#include "base/result.hpp"
#include "config/origin.hpp"
#include "model/access_token.hpp"
#include "model/endpoint.hpp"
#include "model/stream.hpp"

namespace rocd {

struct HttpConfig {
  std::string listen_host = "127.0.0.1";  // without tokens a loopback one: see check_exposure()
  std::uint16_t listen_port = 4040;       // 0: any
  std::optional<std::filesystem::path> unix_socket;  // resolved; nullopt: none
  std::vector<AccessToken> tokens;                   // none: who can connect may do everything
  std::vector<std::string> allowed_origins;          // of web pages, as browsers send them
  std::vector<std::string> allowed_hosts;            // lower case; besides this computer's own
};

// Where events are published by ZeroMQ.
struct EventsConfig {
  bool beside_api = true;  // "auto": next to http.unix_socket, or nowhere without one
  std::optional<std::filesystem::path> socket;  // if not
};

struct AudioConfig {
  std::string driver = "pipewire";
  std::string remote = "pipewire-0";
};

struct ToolsConfig {
  std::string roc_send = "roc-send";
  std::string roc_recv = "roc-recv";
  bool allow_extra_args = false;  // whether REST clients may set extra_args
};

struct Config {
  std::filesystem::path file;  // absolute; empty: built-in defaults
  WallTime loaded_at{};        // set by whoever loads it to use it
  std::string name;            // of this peer, for people; default: host name
  HttpConfig http;
  EventsConfig events;
  AudioConfig audio;
  ToolsConfig tools;
  PortRange ports;
  std::filesystem::path state_dir;  // resolved: $XDG_STATE_HOME/rocd, /var/lib/rocd without HOME
  LogOptions log;
  ConfigOrigins origins;  // of the scalars above

  // uid is empty until assign_uids(); endpoint references in streams hold the *name* until then.
  struct EndpointEntry {
    EndpointSpec spec;
    ConfigOrigins origins = {};  // "volume"
  };
  struct StreamEntry {
    StreamSpec spec;                         // external connections are final
    std::optional<std::string> source_name;  // name of an endpoint entry, or "system:NODE"
    std::optional<std::string> destination_name;
    ConfigOrigins origins = {};  // "profile", "source", "source.media"
  };
  std::vector<EndpointEntry> endpoints;
  std::vector<StreamEntry> streams;
};

// One mistake: location is "FILE:LINE:COLUMN", reason says what is wrong and what is expected.
struct ConfigError {
  SourceLocation location;
  std::string reason;
  friend bool operator==(const ConfigError&, const ConfigError&) = default;
};

// `environment`: ROCD_* overrides of scalars (ROCD_HTTP_LISTEN for http.listen, …) and XDG_*;
// returns nullptr for unset. All errors of the file are reported at once, in file order.
struct ConfigResult {
  Config config;
  std::vector<ConfigError> errors;
};
using Environment = std::function<const char*(const char*)>;
[[nodiscard]] ConfigResult load_config_file(const std::filesystem::path& file,
                                            const Environment& environment);
[[nodiscard]] ConfigResult parse_config(const std::string& text, const std::string& file_name,
                                        const Environment& environment);
[[nodiscard]] ConfigResult default_config(const Environment& environment);  // no file at all

// Resolved: nullopt if events are not published.
[[nodiscard]] std::optional<std::filesystem::path> events_socket(const Config& config);

// Derives uids from names and turns names into endpoint references. "system:NODE_NAME" refers to a
// device of the sound system. Names were already checked to exist by parse_config().
void assign_uids(Config& config, const Uid& self);

[[nodiscard]] std::vector<EndpointSpec> endpoint_specs(const Config& config);
[[nodiscard]] std::vector<StreamSpec> stream_specs(const Config& config);

}  // namespace rocd
