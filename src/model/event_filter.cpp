#include "model/event_filter.hpp"

#include <algorithm>

namespace rocd {
namespace {

std::string_view group_of(EventType type) {
  const auto name = to_string(type);
  return name.substr(0, name.find('.'));
}

bool matches(std::string_view pattern, EventType type) {
  if (pattern == "*") return true;
  if (pattern.ends_with(".*")) return pattern.substr(0, pattern.size() - 2) == group_of(type);
  return pattern == to_string(type);
}

std::string known_types() {
  std::string text;
  for (const auto type : event_types)
    text += (text.empty() ? "" : ", ") + std::string(to_string(type));
  return text;
}

// Of a resource or a collection that could have events, whether or not it is there; without
// slashes at its end.
bool is_known_form(std::string_view uri) {
  std::vector<std::string_view> parts;
  while (!uri.empty()) {
    uri.remove_prefix(1);  // the slash
    parts.push_back(uri.substr(0, uri.find('/')));
    if (parts.back().empty()) return false;
    uri.remove_prefix(parts.back().size());
  }
  const auto count = parts.size();
  if (count == 0) return true;
  if (parts[0] == "system") return count == 1;
  if (parts[0] == "streams") return count <= 2;
  return parts[0] == "peers" && (count <= 2 || (count <= 4 && parts[2] == "endpoints"));
}

}  // namespace

Result<EventFilter> EventFilter::parse(std::string_view types, std::string_view uri,
                                       const Uid& self) {
  EventFilter filter;
  Error error{ErrorCode::invalid_argument, "the events cannot be chosen so", {}, {}, {}};
  while (!types.empty()) {
    const auto pattern = types.substr(0, types.find(','));
    types.remove_prefix(std::min(pattern.size() + 1, types.size()));
    const auto before = filter.types_.size();
    for (const auto type : event_types) {
      if (matches(pattern, type)) filter.types_.push_back(type);
    }
    if (filter.types_.size() == before)
      error.fields.push_back({"?types", "there is no event type '" + std::string(pattern) +
                                            "', expected some of: " + known_types() +
                                            "; 'stream.*' is all of a kind"});
  }
  constexpr std::string_view self_prefix = "/peers/self";
  if (uri == self_prefix || uri.starts_with("/peers/self/")) {
    filter.uri_ = "/peers/" + self.str() + std::string(uri.substr(self_prefix.size()));
  } else {
    filter.uri_ = uri;
  }
  if (filter.uri_.ends_with('/')) filter.uri_.pop_back();
  if (!uri.empty() && (!uri.starts_with('/') || uri.size() > 200 || !is_known_form(filter.uri_)))
    error.fields.push_back({"?uri",
                            "expected /system, or the path of a resource or of a collection, such "
                            "as /streams or /peers/self/endpoints"});
  if (!error.fields.empty()) return error;
  return filter;
}

bool EventFilter::wants_uri(std::string_view uri) const {
  if (!uri.starts_with(uri_)) return false;
  return uri.size() == uri_.size() || uri_.empty() || uri[uri_.size()] == '/';
}

bool EventFilter::wants(const Event& event) const {
  const bool type = types_.empty() || std::ranges::find(types_, event.type) != types_.end();
  return type && wants_uri(event.uri);
}

bool EventFilter::wants(const EventBus::Snapshot::Item& item) const {
  const bool kind = types_.empty() || std::ranges::any_of(types_, [&](EventType type) {
                      return group_of(type) == group_of(item.created);
                    });
  return kind && wants_uri(item.uri);
}

}  // namespace rocd
