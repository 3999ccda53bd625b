#include "config/values.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/duration.hpp"
#include "config/settings.hpp"

namespace rocd {
namespace json = boost::json;

namespace {

class Values {
 public:
  explicit Values(const ConfigOrigins& origins) : origins_(origins) {}

  void add(const std::string& key, json::value value) {
    const auto found = origins_.find(key);
    values_.push_back(
        {key, std::move(value), found == origins_.end() ? ConfigOrigin{} : found->second});
  }
  std::vector<ConfigValue> take() { return std::move(values_); }

 private:
  const ConfigOrigins& origins_;
  std::vector<ConfigValue> values_;
};

json::value text(std::string_view word) {
  return json::string(word);
}

json::value duration(const std::optional<Duration>& value) {
  return text(value ? format_duration(*value) : "auto");
}

json::value connection(const Connection& to, const std::optional<std::string>& name) {
  if (name) return text(*name);
  json::object addresses;
  const auto& external = std::get<ExternalAddress>(to);
  if (external.media) addresses["media"] = external.media->str();
  if (external.repair) addresses["repair"] = external.repair->str();
  if (external.control) addresses["control"] = external.control->str();
  return addresses;
}

}  // namespace

std::vector<ConfigValue> setting_values(const Config& config) {
  Values values(config.origins);
  for (const auto& setting : settings())
    values.add(setting.path(), setting.secret ? text("(hidden)") : setting.show(config));
  return values.take();
}

std::vector<ConfigValue> entry_values(const Config::EndpointEntry& entry) {
  const auto& spec = entry.spec;
  Values values(entry.origins);
  values.add("direction", text(to_string(spec.direction)));
  values.add("display_name", text(spec.display_name));
  values.add("channels", spec.channels);
  values.add("sample_rate", spec.sample_rate);
  values.add("volume", spec.volume);
  values.add("muted", spec.muted);
  values.add("default", spec.is_default);
  return values.take();
}

std::vector<ConfigValue> entry_values(const Config::StreamEntry& entry) {
  const auto& spec = entry.spec;
  const auto& settings = spec.settings;
  json::array extra_args;
  for (const auto& argument : settings.extra_args) extra_args.push_back(text(argument));
  Values values(entry.origins);
  values.add("display_name", text(spec.display_name));
  values.add("enabled", spec.enabled);
  values.add("source", connection(spec.source, entry.source_name));
  values.add("destination", connection(spec.destination, entry.destination_name));
  values.add("profile", text(to_string(settings.profile)));
  values.add("target_latency", duration(settings.target_latency));
  values.add("io_latency", duration(settings.io_latency));
  values.add("packet_length", duration(settings.packet_length));
  values.add("fec", text(settings.fec ? to_string(*settings.fec) : "auto"));
  values.add("resampler_profile", text(to_string(settings.resampler_profile)));
  values.add("restart", text(to_string(settings.restart)));
  values.add("on_idle", text(to_string(settings.on_idle)));
  values.add("idle_after", duration(settings.idle_after));
  values.add("extra_args", std::move(extra_args));
  return values.take();
}

}  // namespace rocd
