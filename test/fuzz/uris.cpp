// Short texts that stand in requests, in the configuration and in logs: addresses, durations, uids,
// paths of endpoints, choices of events. What is accepted and written again must mean the same.
// Input: one or two lines; the first is also the `types`, the second the `uri` of an EventFilter.
#include <boost/json/object.hpp>
#include <charconv>
#include <set>

#include "base/duration.hpp"
#include "config/listen.hpp"
#include "fuzz.hpp"
#include "model/event_cursor.hpp"
#include "model/json.hpp"
#include "model/media_uri.hpp"

namespace rocd::fuzz {
namespace {

void check_media_uri(std::string_view text) {
  const auto uri = MediaUri::parse(text);
  if (!uri) return check_error(uri.error());
  const auto again = MediaUri::parse(uri->str());
  must(again && *again == *uri, "an address that is written is read as the same");
  must(again->str() == uri->str(), "an address has one spelling");
  must(is_utf8(uri->str()), "an address is text");
}

void check_listen(std::string_view text) {
  const auto address = parse_listen(text);
  if (!address) return check_error(address.error());
  const bool v6 = address->host.find(':') != std::string::npos;
  const auto written =
      (v6 ? "[" + address->host + "]" : address->host) + ":" + std::to_string(address->port);
  const auto again = parse_listen(written);
  must(again && *again == *address, "a listen address that is written is read as the same");
}

void check_duration(std::string_view text) {
  const auto duration = parse_duration(text);
  if (!duration) return check_error(duration.error());
  must(duration->count() >= 0, "no duration is negative");
  const auto again = parse_duration(format_duration(*duration));
  must(again && *again == *duration, "a duration that is written is read as the same");
}

// Any number of nanoseconds, not only those that somebody would write.
void check_nanoseconds(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (failure != std::errc() || count < 0) return;
  const auto again = parse_duration(format_duration(Duration(count)));
  must(again && again->count() == count, "every duration can be written and read");
}

void check_uids(std::string_view text) {
  if (const auto uid = Uid::parse(text)) must(uid->str() == text, "a uid is its text");
  const auto derived = Uid::derive(self.str(), "endpoint", text);
  must(Uid::parse(derived.str()) == derived, "a derived uid is a uid");
  must(derived != Uid::derive(self.str(), "stream", text), "kinds have uids of their own");
  const auto ref = parse_endpoint_uri(text, self);
  if (!ref) return;
  must(parse_endpoint_uri(endpoint_uri(ref->peer, ref->endpoint), self) == *ref,
       "the path of an endpoint that is written is read as the same");
}

EventBus& bus() {
  static EventBus* const shared = [] {
    auto* made = new EventBus("e1");
    for (const auto type : event_types)
      made->publish(type, "/streams/" + someone.str(), nullptr, nullptr, {});
    made->publish(EventType::stream_created, "/streams", nullptr, nullptr, {});
    made->publish(EventType::daemon_tools, "/system", nullptr, nullptr, {});
    made->set_resources([] {
      const auto read = [] { return boost::json::object{{"a", 1}}; };
      return std::vector<EventBus::Resource>{
          {"/system", EventType::daemon_pipewire, read},
          {"/peers/" + self.str(), EventType::peer_updated, read},
          {endpoint_uri(self, someone), EventType::endpoint_created, read},
          {stream_uri(someone), EventType::stream_created, read}};
    });
    return made;
  }();
  return *shared;
}

// What a reader gets that had `last_id` last: the ids of it.
std::vector<std::string> read_all(const EventFilter& filter, std::string_view last_id) {
  EventCursor cursor(bus(), filter, last_id);
  std::vector<std::string> ids;
  constexpr int more_than_there_is = 64;
  for (int i = 0; i < more_than_there_is; ++i) {
    const auto item = cursor.next({});
    if (!item) return ids;
    must(item->envelope != nullptr && !item->envelope->empty(), "each item has an envelope");
    if (!item->id.empty()) ids.push_back(item->id);
  }
  must(false, "a reader comes to an end");
  return ids;
}

void check_events(std::string_view types, std::string_view uri) {
  const auto filter = EventFilter::parse(types, uri, self);
  if (!filter) {
    check_error(filter.error());
    for (const auto& field : filter.error().fields)
      must(field.path == "?types" || field.path == "?uri", "an error names the parameter");
  }
  // Each text is also the id after which a reader wants to go on.
  const EventFilter everything;
  for (const auto id : {types, uri}) {
    const auto ids = read_all(filter ? *filter : everything, id);
    must(std::set(ids.begin(), ids.end()).size() == ids.size(), "no id comes twice");
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const auto rest = read_all(filter ? *filter : everything, ids[i]);
      must(std::equal(rest.begin(), rest.end(), ids.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                      ids.end()),
           "who goes on after an id gets what came after it");
    }
  }
}

void check_line(std::string_view line) {
  check_media_uri(line);
  check_listen(line);
  check_duration(line);
  check_nanoseconds(line);
  check_uids(line);
}

}  // namespace
}  // namespace rocd::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rocd::fuzz;
  auto text = text_of(data, size);
  const auto first = take_line(text);
  check_line(first);
  check_line(text);
  check_events(first, text);
  return 0;
}
