// Which events a reader asked for: "?types=stream.*,peer.updated&uri=/streams/…". (pure)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/uid.hpp"
#include "model/event_bus.hpp"

namespace rocd {

class EventFilter {
 public:
  // types: names, or a group with a star, separated by commas; empty: all. uri: a resource, or a
  // collection ("/streams", "/peers/self/endpoints") with all that is in it; empty: everything.
  // "self" is `self`. Errors: invalid_argument, with "?types" and "?uri".
  [[nodiscard]] static Result<EventFilter> parse(std::string_view types, std::string_view uri,
                                                 const Uid& self);

  [[nodiscard]] bool wants(const Event& event) const;
  // A snapshot holds what the reader will be told of: one of the types of that kind is enough.
  [[nodiscard]] bool wants(const EventBus::Snapshot::Item& item) const;

 private:
  [[nodiscard]] bool wants_uri(std::string_view uri) const;

  std::vector<EventType> types_;  // empty: all
  std::string uri_;
};

}  // namespace rocd
