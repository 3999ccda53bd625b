// The settings of the configuration: what each scalar accepts, its default, and the environment
// variable that overrides it. One table, so that file and environment cannot disagree.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "config/map_reader.hpp"

namespace rocd {

struct Setting {
  std::string section;  // "http"; empty: top level
  std::string key;
  const char* variable;  // "ROCD_HTTP_LISTEN"; nullptr: only in the file
  // nullptr: a list, which http_access.hpp reads.
  Result<> (*set)(Config& config, const std::string& text, const Environment& environment);
  boost::json::value (*show)(const Config& config);  // as the file would say it
  // Puts the value of `from` into effect while rocd runs; nullptr: it counts only at the start.
  void (*take)(Config& config, const Config& from) = nullptr;
  // What the file must say without quotes ("true or false"); nullptr: text, quoted or not.
  const char* unquoted = nullptr;
  bool secret = false;  // never shown
  // nullptr: two are the same if they are shown as the same.
  bool (*same)(const Config& a, const Config& b) = nullptr;

  [[nodiscard]] std::string path() const { return section.empty() ? key : section + "." + key; }
};

[[nodiscard]] const std::vector<Setting>& settings();

// What to say of variables ("NAME=VALUE") that begin as rocd's do, but mean nothing to it. Values
// are not repeated. (pure)
[[nodiscard]] std::vector<std::string> unknown_variables(
    const std::vector<std::string>& environment);

void set_defaults(Config& config, const Environment& environment);
// All settings of one section.
void read_settings(const std::string& section, MapReader& reader, Config& config,
                   const Environment& environment);
// A variable that is set but empty does not count.
void apply_environment(Config& config, const Environment& environment, Mistakes& mistakes);

}  // namespace rocd
