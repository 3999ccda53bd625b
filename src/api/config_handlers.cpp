// /system/config: every value of the configuration that is in force, and where it came from.
// /system/reload: reads it anew.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_from.hpp>
#include <map>
#include <optional>

#include "api/handlers.hpp"
#include "api/respond.hpp"
#include "config/values.hpp"

namespace rocd {
namespace json = boost::json;

namespace {

json::string_view word_of(ConfigOrigin::Kind kind) {
  switch (kind) {
    case ConfigOrigin::Kind::built_in:
      return "default";
    case ConfigOrigin::Kind::file:
      return "file";
    case ConfigOrigin::Kind::environment:
      return "environment";
    case ConfigOrigin::Kind::command_line:
      return "command_line";
    case ConfigOrigin::Kind::stored:
      break;
  }
  return "override";
}

json::object value_json(const ConfigValue& value) {
  const auto& [kind, place] = value.origin;
  json::object object{{"key", value.key}, {"value", value.value}, {"origin", word_of(kind)}};
  if (kind == ConfigOrigin::Kind::file) object["location"] = place;
  if (kind == ConfigOrigin::Kind::environment) object["variable"] = place;
  if (kind == ConfigOrigin::Kind::command_line) object["option"] = place;
  return object;
}

// Values, some of which were changed over REST.
class Layers {
 public:
  explicit Layers(std::vector<ConfigValue> values) : values_(std::move(values)) {}

  // Nothing without a value: it was not changed.
  template <class T>
  void put_over(const std::string& key, const std::optional<T>& value) {
    if (value) over_[key] = json::value_from(*value);
  }

  [[nodiscard]] json::array to_json() const {
    json::array list;
    for (const auto& value : values_) {
      auto below = value_json(value);
      const auto over = over_.find(value.key);
      if (over == over_.end()) {
        list.push_back(std::move(below));
        continue;
      }
      auto object = value_json({value.key, over->second, {ConfigOrigin::Kind::stored, {}}});
      below.erase("key");
      object["instead_of"] = std::move(below);
      list.push_back(std::move(object));
    }
    return list;
  }

 private:
  std::vector<ConfigValue> values_;
  std::map<std::string, json::value> over_;
};

json::array endpoints_json(const Api::Context& context) {
  json::array list;
  for (const auto& entry : context.config.endpoints) {
    const auto& spec = entry.spec;
    const auto overrides = context.endpoints.overrides(spec.uid);
    Layers layers(entry_values(entry));
    layers.put_over("volume", overrides.volume);
    layers.put_over("muted", overrides.muted);
    layers.put_over("default", overrides.is_default);
    list.push_back(json::object{{"name", spec.name},
                                {"location", spec.location},
                                {"endpoint_uri", endpoint_uri(context.self.uid, spec.uid)},
                                {"values", layers.to_json()}});
  }
  return list;
}

json::array streams_json(const Api::Context& context) {
  json::array list;
  for (const auto& entry : context.config.streams) {
    const auto& spec = entry.spec;
    Layers layers(entry_values(entry));
    layers.put_over("enabled", context.streams.overrides(spec.uid).enabled);
    list.push_back(json::object{{"name", spec.name},
                                {"location", spec.location},
                                {"stream_uri", stream_uri(spec.uid)},
                                {"values", layers.to_json()}});
  }
  return list;
}

HttpResponse read_config(const Services& services) {
  const auto& context = services.context;
  const auto& config = context.config;
  Layers settings(setting_values(config));
  const auto& name = context.self.display_name;
  settings.put_over("name", name == config.name ? std::nullopt : std::optional(name));
  return json_response(
      200, json::object{{"file", config.file.empty() ? json::value(nullptr)
                                                     : json::value(config.file.string())},
                        {"loaded_at", format_utc(config.loaded_at)},
                        {"values", settings.to_json()},
                        {"endpoints", endpoints_json(context)},
                        {"streams", streams_json(context)}});
}

HttpResponse reload_config(const Call& call, const Services& services) {
  const auto report = services.context.reload();
  if (!report) return error_response(report.error(), call.request);
  return json_response(200, to_json(*report, services.context.self.uid));
}

}  // namespace

void add_config_routes(Router& router, Services& services) {
  router.add({Method::get,
              "/system/config",
              BodyKind::none,
              {},
              [&services](const Call&) { return read_config(services); },
              Role::admin});
  router.add({Method::post,
              "/system/reload",
              BodyKind::none,
              {},
              [&services](const Call& call) { return reload_config(call, services); },
              Role::admin});
}

}  // namespace rocd
