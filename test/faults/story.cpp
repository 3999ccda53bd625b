#include "faults/story.hpp"

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
  if (type != "stream.metrics") events_.push_back(json::serialize(event));
}

std::string Story::texts_since(std::size_t from) const {
  std::string text;
  for (std::size_t i = from; i < events_.size(); ++i) text += events_[i] + "\n";
  return text;
}

std::string Story::state_of(const std::string& stream_uri) const {
  const auto found = states_.find(stream_uri);
  return found == states_.end() ? "" : found->second;
}

std::vector<std::string> Story::take_contradictions() {
  return std::exchange(contradictions_, {});
}

}  // namespace rocd::test
