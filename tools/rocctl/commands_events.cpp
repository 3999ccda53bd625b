// `rocctl events`: what changes, as it happens.
#include <ostream>

#include "rocctl/commands.hpp"
#include "rocctl/event_reader.hpp"
#include "rocctl/events.hpp"

namespace rocctl {

CommandResult follow_events(const Session& session, const EventQuery& query) {
  if (auto named = refuse_names(session, "events"); !named) return named.error();
  EventLines lines(session.style);
  EventReader reader(
      session.client, query,
      [&](const boost::json::value& envelope) {
        session.show_next(envelope, lines.line(envelope));
        return session.out.good();
      },
      [&](const Failure& failure) { session.note(failure.message + "; trying again"); });
  const auto ended = reader.read(std::nullopt);
  if (!ended) return ended.error();
  return Exit::ok;
}

}  // namespace rocctl
