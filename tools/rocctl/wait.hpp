// --wait: until what was asked for is true, or cannot become true, or the time is over.
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "rocctl/session.hpp"

namespace rocctl {

// How long to wait; nullopt: not at all.
using Wait = std::optional<rocd::Duration>;

enum class Verdict { reached, pending, hopeless };

// A stream is waited for until it runs and is healthy. One that receives is waited for until it
// listens, too: that nobody sends to it is not what its own command can change. It is told so only
// once the daemon is sure (3 s after the start), so that a sender that is there is noticed. (pure)
//
// since: `status.since` of the run that does not count any more, for a restart.
[[nodiscard]] Verdict judge_stream(const boost::json::value& stream, const std::string& since = {});
[[nodiscard]] bool listens_in_vain(const boost::json::value& stream);

struct Waited {
  boost::json::value last;  // as it was in the end
  std::optional<Failure> failure{};
};

// Takes the resource as it was last seen.
[[nodiscard]] Waited wait_for_stream(const Session& session, boost::json::value stream,
                                     rocd::Duration limit, const std::string& since = {});
[[nodiscard]] Waited wait_for_endpoint(const Session& session, boost::json::value endpoint,
                                       rocd::Duration limit);

}  // namespace rocctl
