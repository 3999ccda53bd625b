// `rocctl doctor`: what works, what does not, and what to do about it. Asks the daemon; if it does
// not answer, looks itself.
#include <boost/json/parse.hpp>

#include "rocctl/checks.hpp"
#include "rocctl/commands.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

// Whatever its status is: /readyz answers 503 with what is wrong.
Outcome<json::value> ask(const Session& session, const std::string& path) {
  const auto response = session.client.request("GET", path);
  if (!response) return response.error();
  boost::system::error_code error;
  auto value = json::parse(response->body, error);
  if (error || !value.is_structured())
    return failure_of(response->status, response->content_type, response->body);
  return value;
}

void show(const Session& session, const Checks& checks, bool reachable) {
  session.show(
      {checks_json(checks, reachable), render_checks(checks, session.style), names_of_bad(checks)});
}

CommandResult look_locally(const Session& session, const Failure& failure) {
  const auto checks = local_checks(session.client.target());
  show(session, checks, false);
  return Failure{.exit = Exit::unreachable, .message = failure.message};
}

}  // namespace

CommandResult run_doctor(const Session& session) {
  const auto system = ask(session, "/system");
  // Something that answers, but not as rocd does, is as good as nothing.
  if (!system) return look_locally(session, system.error());
  if (!system->is_object() || system->get_object().if_contains("peer_uid") == nullptr)
    return look_locally(session, {.message = session.client.target().url() + " is not rocd"});
  const auto ready = ask(session, "/readyz");
  if (!ready) return ready.error();
  const auto streams = session.client.get("/streams");
  if (!streams) return streams.error();
  const auto checks = daemon_checks(*system, *ready, *streams);
  show(session, checks, true);
  return all_good(checks) ? Exit::ok : Exit::unhealthy;
}

}  // namespace rocctl
