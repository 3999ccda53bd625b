// `rocctl endpoint …`: devices of the system and virtual ones.
#include <algorithm>
#include <boost/json/object.hpp>
#include <charconv>
#include <cmath>

#include "rocctl/commands.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/render.hpp"
#include "rocctl/text.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

// What both `add` and `set` may say.
Outcome<json::object> body_of(const EndpointOptions& options) {
  json::object body;
  if (options.display_name) body["display_name"] = *options.display_name;
  if (options.volume) {
    const auto volume = parse_volume(*options.volume);
    if (!volume) return volume.error();
    body["volume"] = *volume;
  }
  if (options.muted) body["muted"] = *options.muted;
  if (options.is_default) body["is_default"] = *options.is_default;
  return body;
}

CommandResult show(const Session& session, const json::value& endpoint) {
  const auto names = session.endpoint_names({endpoint});
  if (!names) return names.error();
  session.show({endpoint, render_endpoint(endpoint, session.style), *names});
  return Exit::ok;
}

}  // namespace

Outcome<double> parse_volume(const std::string& text) {
  const auto wrong = [&] {
    return usage_failure("--volume: '" + text + "' is no volume",
                         "a factor from 0 to 4 such as 0.25 (1 leaves the level as it is), or "
                         "decibels such as -12dB");
  };
  std::string_view number = text;
  const bool decibel = number.ends_with("dB") || number.ends_with("db");
  if (decibel) number.remove_suffix(2);
  while (number.ends_with(' ')) number.remove_suffix(1);
  if (number.starts_with('+')) number.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc() || end != number.data() + number.size() || !std::isfinite(value))
    return wrong();
  if (decibel) value = std::pow(10.0, value / 20);
  if (value < 0 || value > 4) return wrong();
  return value;
}

CommandResult list_endpoints(const Session& session) {
  const auto endpoints = session.client.get("/peers/self/endpoints");
  if (!endpoints) return endpoints.error();
  const auto names = session.endpoint_names(items_of(*endpoints));
  if (!names) return names.error();
  session.show({*endpoints, render_endpoints(items_of(*endpoints), session.style), *names});
  return Exit::ok;
}

CommandResult show_endpoint(const Session& session, const std::string& word) {
  const auto endpoint = session.endpoint(word);
  if (!endpoint) return endpoint.error();
  return show(session, *endpoint);
}

CommandResult add_endpoint(const Session& session, const EndpointOptions& options) {
  auto body = body_of(options);
  if (!body) return body.error();
  (*body)["stream_direction"] = options.direction;
  if (options.system_name) (*body)["system_name"] = *options.system_name;
  if (options.channels) (*body)["channels"] = *options.channels;
  if (options.sample_rate) (*body)["sample_rate"] = *options.sample_rate;
  const auto endpoint = session.client.send("POST", "/peers/self/endpoints", *body);
  if (!endpoint) return endpoint.error();
  if (!options.wait) return show(session, *endpoint);
  const auto waited = wait_for_endpoint(session, *endpoint, *options.wait);
  auto shown = show(session, waited.last);
  if (waited.failure) return *waited.failure;
  return shown;
}

CommandResult set_endpoint(const Session& session, const EndpointOptions& options) {
  const auto body = body_of(options);
  if (!body) return body.error();
  if (body->empty())
    return usage_failure("there is nothing to set",
                         "give --volume, --mute, --unmute, --name, --default or --no-default");
  const auto endpoint = session.endpoint(options.endpoint);
  if (!endpoint) return endpoint.error();
  const auto changed = session.client.send("PATCH", text_at(*endpoint, "/endpoint_uri"), *body);
  if (!changed) return changed.error();
  return show(session, *changed);
}

CommandResult remove_endpoints(const Session& session, const std::vector<std::string>& endpoints) {
  json::array removed;
  std::string text;
  // All names first: a mistake in the last one must not leave the work half done.
  for (const auto& word : endpoints) {
    const auto endpoint = session.endpoint(word);
    if (!endpoint) return endpoint.error();
    if (std::find(removed.begin(), removed.end(), *endpoint) == removed.end())
      removed.push_back(*endpoint);
  }
  const auto names = session.endpoint_names(removed);
  if (!names) return names.error();
  for (const auto& endpoint : removed) {
    const auto answer = session.client.send("DELETE", text_at(endpoint, "/endpoint_uri"));
    if (!answer) return answer.error();
    text += "removed " + printable(text_at(endpoint, "/display_name")) + " (" +
            text_at(endpoint, "/endpoint_uid") + ")\n";
  }
  session.show({removed, text, *names});
  return Exit::ok;
}

}  // namespace rocctl
