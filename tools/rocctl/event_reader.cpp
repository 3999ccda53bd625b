#include "rocctl/event_reader.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <thread>

#include "rocctl/json_access.hpp"
#include "rocctl/sse.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// A comment comes after 5 s of silence.
constexpr auto longest_silence = 20s;
constexpr std::chrono::milliseconds first_pause = 100ms, longest_pause = 5s;

std::string path_of(const EventQuery& query) {
  std::string path = "/events";
  if (!query.types.empty()) path += "?types=" + percent_encode(query.types);
  if (!query.uri.empty())
    path += (query.types.empty() ? "?uri=" : "&uri=") + percent_encode(query.uri);
  return path;
}

void replace_members(json::object& known, const json::object& pre, const json::object& post) {
  for (const auto& member : pre) known.erase(member.key());
  for (const auto& member : post) known[member.key()] = member.value();
}

}  // namespace

EventReader::EventReader(const Client& client, const EventQuery& query, Sink sink, Trouble trouble)
    : client_(client),
      path_(path_of(query)),
      sink_(std::move(sink)),
      trouble_(std::move(trouble)) {}

Outcome<Client::Ending> EventReader::read_connection(const Deadline& until) {
  EventParser parser;
  std::optional<Failure> broken;
  bool enough = false;
  const auto take = [&](const ServerEvent& event) {
    if (enough || broken) return;
    boost::system::error_code error;
    const auto envelope = json::parse(event.data, error);
    if (error || !envelope.is_object()) {
      broken = Failure{.message = client_.target().url() + " tells an event that is not JSON"};
      return;
    }
    connected_ = ever_connected_ = true;
    if (!event.id.empty()) last_id_ = event.id;
    enough = !sink_(envelope);
  };
  auto ending = client_.follow(
      {.path = path_, .silence = longest_silence, .until = until, .last_event_id = last_id_},
      [&](std::string_view bytes) {
        parser.feed(bytes, take);
        return !enough && !broken;
      });
  if (broken) return *broken;
  return ending;
}

Outcome<bool> EventReader::read(const Deadline& until) {
  auto pause = first_pause;
  for (;;) {
    connected_ = false;
    const auto ending = read_connection(until);
    if (ending && *ending == Client::Ending::stopped) return true;
    if (ending && *ending == Client::Ending::time_over) return false;
    auto failure = ending ? Failure{.exit = Exit::unreachable,
                                    .message = client_.target().url() + " closed the connection"}
                          : ending.error();
    if (failure.exit != Exit::unreachable || !ever_connected_) return failure;
    if (connected_) {
      trouble_(failure);
      pause = first_pause;
    }
    if (until) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*until - Clock::now());
      if (left <= 0ms) return failure;
      pause = std::min(pause, left);
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, longest_pause);
  }
}

json::value apply_event(json::value known, const json::value& envelope) {
  const auto* post = find_at(envelope, "/post");
  const auto type = text_at(envelope, "/type");
  if (post == nullptr || !post->is_object()) return nullptr;
  const bool is_whole = type == "sync" || type.ends_with(".created") ||
                        type.ends_with(".updated") || !known.is_object();
  if (is_whole) return *post;
  for (const auto& member : post->get_object()) {
    auto& old = known.get_object()[member.key()];
    const auto* pre = find_at(envelope, "/pre/" + std::string(member.key()));
    if (old.is_object() && member.value().is_object())
      replace_members(old.get_object(),
                      pre != nullptr && pre->is_object() ? pre->get_object() : json::object(),
                      member.value().get_object());
    else
      old = member.value();
  }
  return known;
}

}  // namespace rocctl
