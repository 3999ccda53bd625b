#include "config/config.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/descriptor.hpp"
#include "config/entries.hpp"
#include "config/http_access.hpp"
#include "config/listen.hpp"
#include "config/settings.hpp"
#include "config/yaml_document.hpp"

namespace rocd {
namespace {

constexpr std::size_t max_file_size = 1024UL * 1024;

Result<std::string> read_file(const std::filesystem::path& file) {
  // O_NONBLOCK: a pipe without writer must not hang the start; it is refused below.
  const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened) return errno_error("cannot open the configuration", errno);
  struct stat status{};
  if (::fstat(opened.get(), &status) != 0)
    return errno_error("cannot examine the configuration", errno);
  Error error{ErrorCode::io, {}, {}, {}, {}};
  if (!S_ISREG(status.st_mode)) {
    error.message = S_ISDIR(status.st_mode) ? "this is a directory, expected a file"
                                            : "this is not a regular file, expected one";
    return error;
  }
  std::string text;
  std::string block(64UL * 1024, '\0');
  for (;;) {
    const auto got = ::read(opened.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("cannot read the configuration", errno);
    if (got == 0) return text;
    text.append(block, 0, static_cast<std::size_t>(got));
    if (text.size() > max_file_size) {
      error.message = "the file is larger than 1 MiB, expected a configuration";
      return error;
    }
  }
}

// What the check of the listen address needs to know beside its value.
struct ListenCheck {
  YamlPlace place;               // in the file, if it stands there
  bool tokens_are_known = true;  // else their own mistake is enough
};

void read_section(const std::string& section, MapReader& file, Config& config,
                  const Environment& environment, Mistakes& mistakes, ListenCheck& listen) {
  const auto node = file.node(section);
  if (!node) return;
  MapReader reader(*node, file.place(section), fmt::format("'{}'", section), mistakes);
  read_settings(section, reader, config, environment);
  if (section == "http") {
    const auto so_far = mistakes.count();
    read_http_access(reader, config, mistakes);
    listen.tokens_are_known = mistakes.count() == so_far;
    if (reader.has("listen")) listen.place = reader.place("listen");
  }
  reader.finish();
}

void read_document(const YAML::Node& root, Config& config, const Environment& environment,
                   Mistakes& mistakes, ListenCheck& listen) {
  MapReader file(root, place_of(root), "the file", mistakes);
  read_settings("", file, config, environment);
  for (const auto* section : {"http", "events", "audio", "tools", "ports", "state", "log"})
    read_section(section, file, config, environment, mistakes, listen);
  auto endpoints = read_endpoints(file, mistakes);
  auto streams = read_streams(file, mistakes);
  if (file.has("peers")) {
    (void)file.node("peers");
    file.wrong("peers", "'peers': this version of rocd knows no other peers, expected nothing");
  }
  file.finish();
  check_streams(streams, endpoints, mistakes);
  config.endpoints = std::move(endpoints.entries);
  for (auto& stream : streams) {
    stream.entry.spec.uid = {};  // the provisional one; references hold names until assign_uids()
    if (stream.entry.source_name) stream.entry.spec.source = EndpointRef{};
    if (stream.entry.destination_name) stream.entry.spec.destination = EndpointRef{};
    config.streams.push_back(std::move(stream.entry));
  }
}

// After everything that may set address or tokens.
void check_listen(const Config& config, const ListenCheck& listen, Mistakes& mistakes) {
  const auto safe = check_exposure(config.http);
  if (safe || !listen.tokens_are_known) return;
  const auto reason = safe.error().message + "; " + safe.error().hint;
  const auto origin = config.origins.find("http.listen");
  if (origin != config.origins.end() && origin->second.kind == ConfigOrigin::Kind::environment)
    mistakes.add_elsewhere("environment " + origin->second.place, reason);
  else
    mistakes.add(listen.place, fmt::format("'listen': {}", reason));
}

Connection connection_to(const std::string& name, const Uid& self) {
  if (name.starts_with(system_reference))
    return EndpointRef{self, system_endpoint_uid(self, name.substr(system_reference.size()))};
  return EndpointRef{self, Uid::derive(self.str(), "endpoint", name)};
}

}  // namespace

ConfigResult parse_config(const std::string& text, const std::string& file_name,
                          const Environment& environment) {
  ConfigResult result;
  result.config.file = file_name;
  Mistakes mistakes(file_name);
  set_defaults(result.config, environment);
  ListenCheck listen;
  if (const auto root = parse_yaml(text, mistakes))
    read_document(*root, result.config, environment, mistakes, listen);
  apply_environment(result.config, environment, mistakes);
  check_listen(result.config, listen, mistakes);
  result.errors = mistakes.take();
  return result;
}

ConfigResult load_config_file(const std::filesystem::path& file, const Environment& environment) {
  const auto text = read_file(file);
  auto result =
      text ? parse_config(*text, file.string(), environment) : default_config(environment);
  std::error_code unknown;  // the working directory may be gone
  const auto absolute = std::filesystem::absolute(file, unknown);
  result.config.file = unknown ? file : absolute;
  if (!text) result.errors.insert(result.errors.begin(), {file.string(), text.error().message});
  return result;
}

ConfigResult default_config(const Environment& environment) {
  ConfigResult result;
  Mistakes mistakes("");
  set_defaults(result.config, environment);
  apply_environment(result.config, environment, mistakes);
  check_listen(result.config, {}, mistakes);
  result.errors = mistakes.take();
  return result;
}

std::optional<std::filesystem::path> events_socket(const Config& config) {
  if (!config.events.beside_api) return config.events.socket;
  const auto& api = config.http.unix_socket;
  if (!api) return std::nullopt;
  return api->parent_path() / (api->stem().string() + "-events.sock");
}

void assign_uids(Config& config, const Uid& self) {
  for (auto& entry : config.endpoints)
    entry.spec.uid = Uid::derive(self.str(), "endpoint", entry.spec.name);
  for (auto& entry : config.streams) {
    entry.spec.uid = Uid::derive(self.str(), "stream", entry.spec.name);
    if (entry.source_name) entry.spec.source = connection_to(*entry.source_name, self);
    if (entry.destination_name)
      entry.spec.destination = connection_to(*entry.destination_name, self);
  }
}

std::vector<EndpointSpec> endpoint_specs(const Config& config) {
  std::vector<EndpointSpec> specs;
  specs.reserve(config.endpoints.size());
  for (const auto& entry : config.endpoints) specs.push_back(entry.spec);
  return specs;
}

std::vector<StreamSpec> stream_specs(const Config& config) {
  std::vector<StreamSpec> specs;
  specs.reserve(config.streams.size());
  for (const auto& entry : config.streams) specs.push_back(entry.spec);
  return specs;
}

}  // namespace rocd
