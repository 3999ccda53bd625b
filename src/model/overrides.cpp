#include "model/overrides.hpp"

#include <boost/json/object.hpp>
#include <string_view>

namespace rocd {
namespace {

template <class T>
std::optional<T> if_other(const T& file, const T& wanted) {
  return file == wanted ? std::nullopt : std::optional(wanted);
}

void fill_in(boost::json::value& body, std::string_view key, boost::json::value value) {
  if (!body.is_object() || body.get_object().contains(key)) return;
  body.get_object()[key] = std::move(value);
}

}  // namespace

EndpointSpec with_overrides(EndpointSpec file, const EndpointOverrides& overrides) {
  file.volume = overrides.volume.value_or(file.volume);
  file.muted = overrides.muted.value_or(file.muted);
  file.is_default = overrides.is_default.value_or(file.is_default);
  return file;
}

StreamSpec with_overrides(StreamSpec file, const StreamOverrides& overrides) {
  file.enabled = overrides.enabled.value_or(file.enabled);
  return file;
}

void fill_in_overridable(boost::json::value& body, const EndpointSpec& file) {
  fill_in(body, "volume", file.volume);
  fill_in(body, "muted", file.muted);
  fill_in(body, "is_default", file.is_default);
}

void fill_in_overridable(boost::json::value& body, const StreamSpec& file) {
  fill_in(body, "enabled", file.enabled);
}

EndpointOverrides difference(const EndpointSpec& file, const EndpointSpec& wanted) {
  return {if_other(file.volume, wanted.volume), if_other(file.muted, wanted.muted),
          if_other(file.is_default, wanted.is_default)};
}

StreamOverrides difference(const StreamSpec& file, const StreamSpec& wanted) {
  return {if_other(file.enabled, wanted.enabled)};
}

}  // namespace rocd
