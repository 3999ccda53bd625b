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
  // of these words is in, and of a stream before it was said to run again. An exit that the
  // resource had shown before does not count. Empty, or what is missing.
  [[nodiscard]] std::string fault_of_telling(std::size_t from,
                                             const std::vector<std::string>& words,
                                             const std::set<std::string>& uris) const;
  // Whether, since event number `from`, the stream was told to have come to this state.
  [[nodiscard]] bool tells_state(std::size_t from, const std::string& uri,
                                 const std::string& state) const;
  // Whether, since event number `from`, the health of one of these streams was said to be something
  // that one of these words is in.
  [[nodiscard]] bool tells_health(std::size_t from, const std::vector<std::string>& words,
                                  const std::set<std::string>& uris) const;
  // What was told of these resources since event number `from`, to be read.
  [[nodiscard]] std::string texts_since(std::size_t from, const std::set<std::string>& uris) const;
  // The last state told of a stream ("running"); empty: none.
  [[nodiscard]] std::string state_of(const std::string& stream_uri) const;
  [[nodiscard]] std::string health_of(const std::string& stream_uri) const;  // "healthy"
  // How long ago that was read to be no longer inactive; bad news waits 3 s then (BCP-008-01).
  [[nodiscard]] Milliseconds active_for(const std::string& stream_uri) const;
  // What does not fit; cleared by the call.
  [[nodiscard]] std::vector<std::string> take_contradictions();

 private:
  struct Told {
    std::string type, uri;
    std::string after;  // what was new: `post` without an exit that is in `pre`, too
    std::string state;  // that a stream has come to; empty: none
  };
  void take(const boost::json::object& event);

  std::filesystem::path file_;
  Process curl_;
  std::size_t position_ = 0;
  bool in_snapshot_ = true;
  std::int64_t last_seq_ = 0;
  std::map<std::string, std::string> states_, healths_;
  std::map<std::string, std::chrono::steady_clock::time_point> active_since_;
  std::vector<Told> events_;
  std::vector<std::string> contradictions_;
};

}  // namespace rocd::test
