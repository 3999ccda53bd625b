// GET /events: one envelope after the other, over broken connections and restarts of the daemon.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "rocctl/client.hpp"

namespace rocctl {

struct EventQuery {
  std::string types{};  // "stream.*,daemon.pipewire"; empty: all
  std::string uri{};    // empty: everything
};

class EventReader {
 public:
  using Deadline = std::optional<std::chrono::steady_clock::time_point>;
  using Sink = std::function<bool(const boost::json::value& envelope)>;  // false: enough
  // What is told when a connection is lost, once until the next one.
  using Trouble = std::function<void(const Failure&)>;

  // client: outlives this.
  EventReader(const Client& client, const EventQuery& query, Sink sink, Trouble trouble);

  // Until `sink` has enough (true) or the time is over (false). A failure: the daemon cannot be
  // reached at first, or till the end of the time; or it refuses.
  [[nodiscard]] Outcome<bool> read(const Deadline& until);

 private:
  [[nodiscard]] Outcome<Client::Ending> read_connection(const Deadline& until);

  const Client& client_;
  std::string path_;
  Sink sink_;
  Trouble trouble_;
  std::string last_id_;  // of the last event that has one
  bool connected_ = false, ever_connected_ = false;
};

// What a reader knows of a resource after an event of it. `post` may hold only members that
// changed.
[[nodiscard]] boost::json::value apply_event(boost::json::value known,
                                             const boost::json::value& envelope);  // (pure)

}  // namespace rocctl
