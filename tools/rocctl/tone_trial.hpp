// `doctor --tone`: a virtual speaker and a virtual microphone, a stream over the network from one
// to the other, and a sound that goes this way. Everything that it makes is removed in the end.
#pragma once

#include <string>

#include "rocctl/session.hpp"
#include "rocctl/tone.hpp"

namespace rocctl {

// system: of GET /system. A failure: the way could not be made, or it was interrupted.
[[nodiscard]] Outcome<ToneResult> run_tone_trial(const Session& session,
                                                 const boost::json::value& system,
                                                 const std::string& profile);

}  // namespace rocctl
