#include "rocctl/events.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <ctime>
#include <optional>
#include <vector>

#include "model/json_text.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/render.hpp"
#include "rocctl/text.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

constexpr std::size_t type_width = 16;   // "endpoint.updated"
constexpr std::size_t name_width = 24;   // a longer one pushes its own line only
constexpr std::size_t most_changes = 4;  // of those told on a line
constexpr std::size_t most_value_width = 40;

struct Change {
  std::string path, before, after;
};

std::string value_text(const json::value* value) {
  if (value == nullptr) return "-";
  if (value->is_string()) return std::string(value->get_string());
  return elide(rocd::json_text(*value), most_value_width);
}

// Members of objects, down to those that are no objects.
void compare(const std::string& path, const json::value* before, const json::value* after,
             std::vector<Change>& changes) {
  if (before != nullptr && after != nullptr && *before == *after) return;
  const auto* old = before == nullptr ? nullptr : before->if_object();
  const auto* now = after == nullptr ? nullptr : after->if_object();
  if (old == nullptr || now == nullptr) {
    changes.push_back({path, value_text(before), value_text(after)});
    return;
  }
  const auto below = [&](std::string_view key) {
    return (path.empty() ? "" : path + ".") + std::string(key);
  };
  for (const auto& member : *old)
    compare(below(member.key()), &member.value(), now->if_contains(member.key()), changes);
  for (const auto& member : *now)
    if (!old->contains(member.key()))
      compare(below(member.key()), nullptr, &member.value(), changes);
}

std::string changes_text(const json::value& envelope) {
  const auto without_noise = [&](const char* side) {
    const auto* found = find_at(envelope, side);
    auto value = found == nullptr ? json::value() : *found;
    if (auto* object = value.if_object())
      for (const char* key : {"version", "status", "uptime_seconds"}) object->erase(key);
    return value;
  };
  const auto before = without_noise("/pre"), after = without_noise("/post");
  std::vector<Change> changes;
  if (before.is_object() && after.is_object()) compare("", &before, &after, changes);
  std::string text;
  for (std::size_t i = 0; i < std::min(changes.size(), most_changes); ++i)
    text += fmt::format("{}{} {} -> {}", i == 0 ? "" : ", ", changes[i].path, changes[i].before,
                        changes[i].after);
  if (changes.size() > most_changes)
    text += fmt::format(" and {} more", changes.size() - most_changes);
  return text;
}

// "starting -> running: message", or only what it is now.
std::string transition(const json::value& envelope, const std::string& pointer,
                       const std::string& message) {
  const auto before = text_at(envelope, "/pre" + pointer);
  const auto after = text_at(envelope, "/post" + pointer);
  auto text = before.empty() || before == after ? after : before + " -> " + after;
  if (const auto why = text_at(envelope, "/post" + message); !why.empty()) text += ": " + why;
  return text;
}

std::string metrics_text(const json::value& envelope) {
  const auto metric = [&](const char* name) {
    return number_at(envelope, "/post/status/metrics/" + std::string(name));
  };
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (const auto value = metric("e2e_latency_ms"))
    add("latency " + format_milliseconds(value));
  else if (const auto network = metric("network_latency_ms"))
    add("network latency " + format_milliseconds(network));
  if (const auto value = metric("jitter_ms")) add("jitter " + format_milliseconds(value));
  if (const auto value = metric("loss_ratio")) add(fmt::format("loss {:.1f} %", *value * 100));
  if (const auto value = metric("sessions"))
    add(fmt::format("{:.0f} session{}", *value, *value == 1 ? "" : "s"));
  if (const auto value = metric("rss_bytes")) add(format_bytes(*value));
  return text;
}

// A resource as it is, in a snapshot or newly made.
std::string summary(const json::value& resource) {
  if (find_at(resource, "/stream_uid") != nullptr)
    return text_at(resource, "/status/state") + ", " + text_at(resource, "/status/health/overall");
  if (find_at(resource, "/endpoint_uid") != nullptr)
    return text_at(resource, "/stream_direction") + ", " + text_at(resource, "/status/state");
  if (find_at(resource, "/pipewire") != nullptr)
    return "rocd " + text_at(resource, "/version") + ", PipeWire " +
           (true_at(resource, "/pipewire/connected") ? "connected" : "not connected");
  return text_at(resource, "/host_name");
}

std::string endpoint_state_text(const json::value& envelope) {
  auto text = transition(envelope, "/status/state", "/status/message");
  const auto& before = items_at(envelope, "/pre/status/in_use_by");
  const auto& after = items_at(envelope, "/post/status/in_use_by");
  if (before != after)
    text += fmt::format(", in use by {} stream{}", after.size(), after.size() == 1 ? "" : "s");
  return text;
}

std::string daemon_text(const json::value& envelope, const std::string& type) {
  if (type == "daemon.stopping") return "rocd ends";
  const json::value nothing;
  const auto* post = find_at(envelope, "/post");
  if (post == nullptr) post = &nothing;
  if (type == "daemon.pipewire") {
    const auto version = text_at(*post, "/pipewire/version");
    if (const auto message = text_at(*post, "/pipewire/message");
        true_at(*post, "/pipewire/connected") && !message.empty())
      return message;
    return true_at(*post, "/pipewire/connected")
               ? "connected" + (version.empty() ? "" : ", " + version)
               : "not connected";
  }
  if (type == "daemon.state") {
    if (true_at(*post, "/state/writable")) return "the state can be written again";
    const auto hint = text_at(*post, "/state/hint");
    return "the state cannot be written: " + text_at(*post, "/state/message") +
           (hint.empty() ? "" : "; " + hint);
  }
  if (type != "daemon.tools") return changes_text(envelope);
  if (find_at(*post, "/tools") == nullptr)
    return true_at(*post, "/engine/usable") ? "looked at anew: rocctl status shows them"
                                            : "none can be used: rocctl status tells why";
  std::string text;
  for (const auto& tool : items_at(*post, "/tools"))
    text += (text.empty() ? "" : ", ") + text_at(tool, "/name") + " " +
            (true_at(tool, "/usable") ? text_at(tool, "/version")
                                      : "not usable: " + text_at(tool, "/problem"));
  return text;
}

Tone tone_of(const json::value& envelope, const std::string& type) {
  if (type == "sync" || type == "synced" || type == "stream.metrics") return Tone::faint;
  if (type == "stream.state" || type == "endpoint.state")
    return tone_of_state(text_at(envelope, "/post/status/state"));
  if (type == "stream.health")
    return tone_of_health(text_at(envelope, "/post/status/health/overall"));
  if (type == "reset" || type == "daemon.stopping") return Tone::bad;
  if (type == "daemon.state" && !true_at(envelope, "/post/state/writable")) return Tone::bad;
  return Tone::plain;
}

std::string padded(const std::string& text, std::size_t width) {
  const auto wide = display_width(text);
  return text + std::string(wide < width ? width - wide : 0, ' ');
}

}  // namespace

std::string event_text(const json::value& envelope) {
  const auto type = text_at(envelope, "/type");
  const auto* post = find_at(envelope, "/post");
  if (type == "synced") return "that is all there is; what follows are changes";
  if (type == "reset") return "events were lost; once more all there is";
  if (type == "sync" || type.ends_with(".created")) return post == nullptr ? "" : summary(*post);
  if (type.ends_with(".deleted")) return "";
  if (type == "stream.state") return transition(envelope, "/status/state", "/status/message");
  if (type == "stream.health")
    return transition(envelope, "/status/health/overall", "/status/health/message");
  if (type == "stream.metrics") return metrics_text(envelope);
  if (type == "endpoint.state") return endpoint_state_text(envelope);
  if (type.starts_with("daemon.")) return daemon_text(envelope, type);
  return changes_text(envelope);
}

std::string local_time(const std::string& utc) {
  std::tm fields{};
  const char* rest = ::strptime(utc.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
  if (rest == nullptr) return utc;
  const auto seconds = ::timegm(&fields);
  std::tm local{};
  if (::localtime_r(&seconds, &local) == nullptr) return utc;
  return fmt::format("{:02}:{:02}:{:02}", local.tm_hour, local.tm_min, local.tm_sec);
}

std::string EventLines::name_of_resource(const json::value& envelope) {
  const auto uri = text_at(envelope, "/uri");
  if (uri == "/events") return "";
  if (uri == "/system") return "rocd";
  for (const char* side : {"/post", "/pre"}) {
    const auto name = text_at(envelope, std::string(side) + "/display_name");
    if (name.empty()) continue;
    names_[uri] = name;
    break;
  }
  const auto found = names_.find(uri);
  auto name = found == names_.end() ? uri : found->second;
  if (text_at(envelope, "/type").ends_with(".deleted")) names_.erase(uri);
  return name;
}

std::string EventLines::line(const json::value& envelope) {
  const auto type = text_at(envelope, "/type");
  const auto name = flat(name_of_resource(envelope));
  const auto text = flat(event_text(envelope));
  auto line = paint(local_time(text_at(envelope, "/time")), Tone::faint, style_) + "  " +
              padded(flat(type), type_width) + "  ";
  if (text.empty()) return line + name + "\n";
  return line + padded(name, name_width) + "  " + paint(text, tone_of(envelope, type), style_) +
         "\n";
}

}  // namespace rocctl
