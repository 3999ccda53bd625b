// A configuration file of any bytes: never an exception, and either mistakes with places within the
// file, or a configuration that keeps to its own limits.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "config/config.hpp"
#include "config/values.hpp"
#include "fuzz.hpp"
#include "model/json_text.hpp"
#include "model/validate.hpp"

namespace rocd::fuzz {
namespace {

const char* nothing(const char*) {
  return nullptr;
}

// "rocd.yaml:12:5" -> 12; 0 if it is not that.
int line_of(std::string_view location) {
  constexpr std::string_view file = "rocd.yaml:";
  if (!location.starts_with(file)) return 0;
  location.remove_prefix(file.size());
  int line = 0;
  int column = 0;
  const auto* end = location.data() + location.size();
  const auto [colon, failure] = std::from_chars(location.data(), end, line);
  if (failure != std::errc() || colon == end || *colon != ':') return 0;
  const auto [rest, wrong] = std::from_chars(colon + 1, end, column);
  return wrong == std::errc() && rest == end && column > 0 ? line : 0;
}

void check_values(const std::vector<ConfigValue>& values) {
  for (const auto& value : values) {
    must(!value.key.empty(), "a value has a key");
    must(is_utf8(json_text(value.value)), "a value can be shown");
  }
}

void check_config(const Config& config) {
  check_values(setting_values(config));
  must(config.ports.first != 0 && config.ports.first <= config.ports.last, "ports are a range");
  for (const auto& entry : config.endpoints) {
    must(is_endpoint_name(entry.spec.name), "an endpoint has a name");
    must(validate(entry.spec).empty(), "an endpoint keeps the rules for all endpoints");
    must(std::isfinite(entry.spec.volume), "a volume is a number");
    check_values(entry_values(entry));
  }
  auto named = config;
  assign_uids(named, self);
  for (const auto& entry : named.streams) {
    must(is_endpoint_name(entry.spec.name), "a stream has a name");
    must(!entry.spec.uid.empty(), "a stream has a uid");
    must(kind_of(entry.spec).has_value(), "a stream has an endpoint");
    for (const auto* side : {&entry.spec.source, &entry.spec.destination}) {
      const auto* ref = std::get_if<EndpointRef>(side);
      must(ref == nullptr || (ref->peer == self && !ref->endpoint.empty()), "names became uids");
    }
    check_values(entry_values(entry));
  }
}

void check(const std::string& text) {
  const auto result = parse_config(text, "rocd.yaml", nothing);
  const auto lines = static_cast<int>(std::count(text.begin(), text.end(), '\n')) + 1;
  for (const auto& error : result.errors) {
    must(!error.reason.empty(), "a mistake has a reason");
    const auto line = line_of(error.location);
    // What is missing at the end of the file is missed behind it.
    must(line >= 1 && line <= lines + 1, "a mistake has a place in the file");
  }
  if (result.errors.empty()) check_config(result.config);
}

}  // namespace
}  // namespace rocd::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rocd::fuzz::check(std::string(rocd::fuzz::text_of(data, size)));
  return 0;
}
