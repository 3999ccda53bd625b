#include "faults/story.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>

namespace rocd::test {
namespace json = boost::json;
namespace {

// "status" of `pre` or `post` -> "state"; empty if it does not say.
std::string state_in(const json::value& side) {
  if (!side.is_object()) return "";
  const auto* status = side.as_object().if_contains("status");
  if (status == nullptr || !status->is_object()) return "";
  const auto* state = status->as_object().if_contains("state");
  return state == nullptr || !state->is_string() ? "" : std::string(state->as_string());
}

// The object at `key`; empty if there is none.
json::object object_in(const json::value& side, std::string_view key) {
  if (!side.is_object()) return {};
  const auto* found = side.as_object().if_contains(key);
  return found == nullptr || !found->is_object() ? json::object{} : found->as_object();
}

// A stream shows its last exit for ever. What the tool printed is not what rocd tells.
std::string news_of(const json::object& event) {
  auto status = object_in(event.at("post"), "status");
  if (status.empty()) return json::serialize(event.at("post"));
  const auto before = object_in(event.at("pre"), "status");
  const auto* now = status.if_contains("last_exit");
  const auto* then = before.if_contains("last_exit");
  if (now != nullptr && then != nullptr && *now == *then) status.erase("last_exit");
  if (auto* exit = status.if_contains("last_exit"); exit != nullptr && exit->is_object())
    exit->as_object().erase("log");
  return json::serialize(status);
}

// "healthy"; empty if it does not say.
std::string health_in(const json::value& side) {
  const auto health = object_in(object_in(side, "status"), "health");
  const auto* overall = health.if_contains("overall");
  return overall == nullptr || !overall->is_string() ? "" : std::string(overall->as_string());
}

bool has_any(const std::string& text, const std::vector<std::string>& words) {
  return std::ranges::any_of(
      words, [&](const auto& word) { return text.find(word) != std::string::npos; });
}

}  // namespace

Story::Story(const std::string& url, const std::filesystem::path& directory)
    : file_(directory / "events"),
      curl_({.argv = {"curl", "-sN", "--no-buffer", url + "/events"},
             .output = file_,
             .errors = directory / "curl"}) {}

void Story::read() {
  std::ifstream file(file_, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(position_));
  for (std::string line; std::getline(file, line) && !file.eof();) {
    position_ += line.size() + 1;
    if (line.starts_with("data: ")) take(json::parse(line.substr(6)).as_object());
  }
}

void Story::take(const json::object& event) {
  const std::string type(event.at("type").as_string());
  const std::string uri(event.at("uri").as_string());
  const auto seq = event.at("seq").as_int64();
  const auto after = state_in(event.at("post"));
  if (auto health = health_in(event.at("post")); !health.empty()) {
    auto& known = healths_[uri];
    if (known.empty() || known == "inactive" || health == "inactive")
      active_since_[uri] = std::chrono::steady_clock::now();
    known = std::move(health);
  }
  if (type == "sync" || type == "synced" || type == "reset") {
    if (type == "reset") contradictions_.emplace_back("events were lost: reset");
    in_snapshot_ = type != "synced";
    if (type == "synced") last_seq_ = seq;
    if (!after.empty()) states_[uri] = after;
    return;
  }
  if (!in_snapshot_ && seq != last_seq_ + 1)
    contradictions_.push_back("event " + std::to_string(seq) + " follows " +
                              std::to_string(last_seq_));
  last_seq_ = seq;
  const auto before = state_in(event.at("pre"));
  if (type == "stream.state" && !before.empty() && before != states_[uri])
    contradictions_.push_back(uri + " was " + states_[uri] + ", then is told to have been " +
                              before);
  if (!after.empty()) states_[uri] = after;
  if (type == "stream.metrics") return;
  events_.push_back(
      {.type = type, .uri = uri, .after = news_of(event), .state = after == before ? "" : after});
}

std::string Story::fault_of_telling(std::size_t from, const std::vector<std::string>& words,
                                    const std::set<std::string>& uris) const {
  std::set<std::string> run_again;  // streams, before the cause was told
  bool late = false;
  for (auto i = from; i < events_.size(); ++i) {
    const auto& told = events_[i];
    if (!uris.contains(told.uri)) continue;
    const bool tells = has_any(told.after, words);
    if (tells && !run_again.contains(told.uri)) return "";
    late |= tells;
    if (told.state == "running") run_again.insert(told.uri);
  }
  return late ? "tells why only when it runs again" : "does not tell";
}

bool Story::tells_state(std::size_t from, const std::string& uri, const std::string& state) const {
  for (std::size_t i = from; i < events_.size(); ++i)
    if (events_[i].uri == uri && events_[i].state == state) return true;
  return false;
}

bool Story::tells_health(std::size_t from, const std::vector<std::string>& words,
                         const std::set<std::string>& uris) const {
  for (std::size_t i = from; i < events_.size(); ++i) {
    const auto& told = events_[i];
    if (told.type == "stream.health" && uris.contains(told.uri) && has_any(told.after, words))
      return true;
  }
  return false;
}

std::string Story::texts_since(std::size_t from, const std::set<std::string>& uris) const {
  std::string text;
  for (std::size_t i = from; i < events_.size(); ++i)
    if (uris.contains(events_[i].uri)) text += events_[i].type + " " + events_[i].after + "\n";
  return text;
}

std::string Story::state_of(const std::string& stream_uri) const {
  const auto found = states_.find(stream_uri);
  return found == states_.end() ? "" : found->second;
}

std::string Story::health_of(const std::string& stream_uri) const {
  const auto found = healths_.find(stream_uri);
  return found == healths_.end() ? "" : found->second;
}

Milliseconds Story::active_for(const std::string& stream_uri) const {
  const auto found = active_since_.find(stream_uri);
  if (found == active_since_.end() || health_of(stream_uri) == "inactive") return 0ms;
  return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - found->second);
}

std::vector<std::string> Story::take_contradictions() {
  return std::exchange(contradictions_, {});
}

}  // namespace rocd::test
