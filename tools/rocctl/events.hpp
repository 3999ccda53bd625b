// Events as a person reads them: one line each. (pure)
#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <string>

#include "rocctl/table.hpp"

namespace rocctl {

class EventLines {
 public:
  explicit EventLines(const Style& style) : style_(style) {}

  // "12:00:01  stream.state  Music to kitchen  starting -> running", with a line end. The time is
  // this computer's. Learns the names of resources from what passes.
  [[nodiscard]] std::string line(const boost::json::value& envelope);

 private:
  [[nodiscard]] std::string name_of_resource(const boost::json::value& envelope);

  Style style_;
  std::map<std::string, std::string> names_;  // by path
};

// What the event says, without time, type and name.
[[nodiscard]] std::string event_text(const boost::json::value& envelope);

// "2026-11-20T12:00:01.250Z" as "12:00:01" of this computer's time zone; as it is if it is no time.
[[nodiscard]] std::string local_time(const std::string& utc);

}  // namespace rocctl
