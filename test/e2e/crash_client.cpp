#include "e2e/crash_client.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <set>
#include <stdexcept>

namespace rocd::test {
namespace json = boost::json;
namespace {

constexpr std::size_t most_items = 8;  // of each kind

std::string prefix_of(int number) {
  return "client-" + std::to_string(number) + "-";
}

std::string text(const json::object& object, std::string_view key) {
  return std::string(object.at(key).as_string());
}

bool is_stream(const json::object& item) {
  return item.contains("stream_uri");
}

std::string uri_of(const json::object& item) {
  return text(item, is_stream(item) ? "stream_uri" : "endpoint_uri");
}

bool is_configured(const json::object& item) {
  return text(item, "origin") == "config";
}

std::int64_t version_of(const json::object& item) {
  return item.at("version").to_number<std::int64_t>();
}

json::object without_status(json::object item) {
  item.erase("status");
  return item;
}

// The version of an entry of the file may rise with that of another one, at a start.
bool is_kept(const json::object& before, const json::object& now) {
  if (!is_configured(now)) return before == now;
  auto same = now;
  same["version"] = before.at("version");
  return version_of(now) >= version_of(before) && same == before;
}

}  // namespace

CrashClient::CrashClient(int number, std::uint32_t seed)
    : prefix_(prefix_of(number)), random_(seed + static_cast<std::uint32_t>(number)) {}

std::string CrashClient::configured(int clients) {
  std::string endpoints = "endpoints:\n";
  std::string streams = "streams:\n";
  for (int i = 0; i < clients; ++i) {
    const auto name = std::to_string(i);
    endpoints += "  - { name: c" + name + ", direction: input, display_name: " + prefix_of(i) +
                 "configured }\n";
    streams += "  - { name: s" + name + ", display_name: " + prefix_of(i) +
               "configured, source: {}, destination: c" + name + " }\n";
  }
  return endpoints + streams;
}

std::string CrashClient::new_name() {
  return prefix_ + std::to_string(++names_);
}

std::size_t CrashClient::pick(std::size_t count) {
  return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
}

const json::object* CrashClient::any(bool stream, bool configured) {
  std::vector<const json::object*> found;
  for (const auto& [uri, item] : items_)
    if (is_stream(item) == stream && is_configured(item) == configured) found.push_back(&item);
  return found.empty() ? nullptr : found[pick(found.size())];
}

CrashClient::Request CrashClient::make(bool stream) {
  if (!stream)
    return {"POST",
            "/peers/self/endpoints",
            {{"stream_direction", pick(2) == 0 ? "input" : "output"}, {"display_name", new_name()}},
            ""};
  const auto* device = any(false, true);
  json::object body{
      {"display_name", new_name()},
      {"source", {{"connection_type", "external"}}},
      {"destination", {{"connection_type", "endpoint"}, {"endpoint_uri", uri_of(*device)}}}};
  if (pick(2) == 0) return {"POST", "/streams", body, ""};
  std::string uid = "aaaaaa-aaaaaa-aaaaaa";
  for (auto& c : uid)
    if (c != '-') c = "0123456789abcdefghijklmnopqrstuvwxyz"[pick(36)];
  return {"PUT", "/streams/" + uid, body, ""};
}

// Every change changes something: its effect can be told from that of the one before.
CrashClient::Request CrashClient::change(const json::object& item) {
  const auto uri = uri_of(item);
  const bool enable = is_stream(item) && !item.at("enabled").as_bool();
  const double volume = static_cast<double>(++names_ % 39'999 + 1) / 10'000;
  if (is_configured(item))
    return is_stream(item) ? Request{"PATCH", uri, {{"enabled", enable}}, uri}
                           : Request{"PATCH", uri, {{"volume", volume}}, uri};
  switch (pick(4)) {
    case 0:
      return {"DELETE", uri, {}, uri};
    case 1: {
      auto whole = item;
      for (const auto* key : {"stream_uri", "stream_uid", "endpoint_uri", "endpoint_uid", "origin",
                              "version", "origins"})
        whole.erase(key);
      whole["display_name"] = new_name();
      return {"PUT", uri, whole, uri};
    }
    default:
      break;
  }
  json::object members{{"display_name", new_name()}};
  if (is_stream(item)) members["enabled"] = enable;
  if (!is_stream(item)) members["volume"] = volume;
  return {"PATCH", uri, members, uri};
}

CrashClient::Request CrashClient::next() {
  const bool stream = pick(2) == 0;
  if (pick(5) == 0) return change(*any(stream, true));
  const auto has = static_cast<std::size_t>(std::ranges::count_if(items_, [&](const auto& entry) {
    return is_stream(entry.second) == stream && !is_configured(entry.second);
  }));
  if (has == 0 || (has < most_items && pick(3) == 0)) return make(stream);
  return change(*any(stream, false));
}

void CrashClient::take_answer(const Request& request, const Response& answer) {
  if (answer.status / 100 != 2)
    throw std::logic_error(request.method + " " + request.path + " " +
                           json::serialize(request.body) + ": " + answer.body);
  ++acknowledged_;
  if (request.method == "DELETE") {
    items_.erase(request.uri);
    return;
  }
  auto item = without_status(answer.json().as_object());
  items_[uri_of(item)] = std::move(item);
}

void CrashClient::change_things(const HttpClient& http) {
  for (;;) {
    open_ = next();
    try {
      const bool has_body = open_->method != "DELETE";
      const auto answer =
          http.request(open_->method, open_->path,
                       has_body ? std::optional<json::value>(open_->body) : std::nullopt);
      take_answer(*open_, answer);
    } catch (const std::logic_error& refusal) {
      wrong_.push_back(std::string("refused: ") + refusal.what());
      open_.reset();
      return;
    } catch (const std::runtime_error& reason) {
      // Without a connection it has not even been asked.
      if (std::string_view(reason.what()).starts_with("cannot connect")) open_.reset();
      unanswered_ += open_ ? 1 : 0;
      return;
    }
  }
}

bool CrashClient::is_done(const Request& request, const json::object& now) const {
  const auto before = items_.find(request.uri);
  const auto version = before == items_.end() ? 0 : version_of(before->second);
  const bool next = is_configured(now) ? version_of(now) > version : version_of(now) == version + 1;
  return next && std::ranges::all_of(request.body, [&](const auto& member) {
           return now.contains(member.key()) && now.at(member.key()) == member.value();
         });
}

std::vector<std::string> CrashClient::compare(const json::array& shown) {
  auto wrong = std::exchange(wrong_, {});
  const auto open = std::exchange(open_, std::nullopt);
  std::set<std::string> there;
  for (const auto& value : shown) {
    if (!text(value.as_object(), "display_name").starts_with(prefix_)) continue;
    const auto item = without_status(value.as_object());
    const auto uri = uri_of(item);
    there.insert(uri);
    const auto known = items_.find(uri);
    if (known != items_.end() && is_kept(known->second, item)) {
      known->second = item;
      continue;
    }
    if (known == items_.end() && is_configured(item) && acknowledged_ == 0) {
      items_[uri] = item;  // at the first start
      continue;
    }
    const bool may_be = open && open->method != "DELETE" &&
                        (open->uri.empty() ? known == items_.end() : open->uri == uri);
    if (may_be && is_done(*open, item)) {
      items_[uri] = item;
      ++unanswered_done_;
      continue;
    }
    wrong.push_back(known == items_.end() ? "came back, or from nowhere: " + json::serialize(item)
                                          : "answered: " + json::serialize(known->second) +
                                                "\nfound: " + json::serialize(item));
  }
  std::erase_if(items_, [&](const auto& entry) {
    if (there.contains(entry.first)) return false;
    if (open && open->method == "DELETE" && open->uri == entry.first) {
      ++unanswered_done_;
      return true;
    }
    wrong.push_back("lost: " + json::serialize(entry.second));
    return true;
  });
  return wrong;
}

}  // namespace rocd::test
