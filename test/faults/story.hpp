// What GET /events tells, read by curl, and whether it is one story: no event missing, each state
// following from the one before.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "e2e/process.hpp"

namespace rocd::test {

class Story {
 public:
  // url: of the REST API.
  Story(const std::string& url, const std::filesystem::path& directory);

  // Reads what has come meanwhile.
  void read();
  [[nodiscard]] std::size_t size() const { return events_.size(); }
  // Whether, since event number `from`, one of these resources was said to be in a state that one
  // of these words is in. An exit that the resource had shown before does not count. health: only
  // in the message of a stream's health, also in one that still stood then (better news waits 3 s).
  [[nodiscard]] bool tells(std::size_t from, const std::vector<std::string>& words,
                           const std::set<std::string>& uris, bool health) const;
  // What was told of these resources since event number `from`, to be read.
  [[nodiscard]] std::string texts_since(std::size_t from, const std::set<std::string>& uris) const;
  // The last state told of a stream ("running"); empty: none.
  [[nodiscard]] std::string state_of(const std::string& stream_uri) const;
  // What does not fit; cleared by the call.
  [[nodiscard]] std::vector<std::string> take_contradictions();

 private:
  struct Told {
    std::string type, uri;
    std::string after;   // what was new: `post` without an exit that is in `pre`, too
    std::string health;  // its message; empty unless the event is about that
  };
  void take(const boost::json::object& event);

  std::filesystem::path file_;
  Process curl_;
  std::size_t position_ = 0;
  bool in_snapshot_ = true;
  std::int64_t last_seq_ = 0;
  std::map<std::string, std::string> states_;
  std::vector<Told> events_;
  std::vector<std::string> contradictions_;
};

}  // namespace rocd::test
