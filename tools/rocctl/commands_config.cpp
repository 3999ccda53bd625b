// `rocctl config check|show`, `rocctl reload`, `rocctl log`: the daemon itself.
#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <ostream>

#include "rocctl/commands.hpp"
#include "rocctl/config_check.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/log.hpp"
#include "rocctl/render_config.hpp"
#include "rocctl/text.hpp"

namespace rocctl {
namespace json = boost::json;

CommandResult check_config(const Session& session, const std::string& file) {
  const auto check = check_config_file(file);
  if (!check) return check.error();
  std::string names;
  for (const auto& each : check->mistakes)
    names += fmt::format("{}:{}:{}\n", each.file, each.line, each.column);
  // What is wrong is what was asked for: on standard output, as compilers' messages are read.
  session.show({to_json(*check), printable(check->text) + "\n", printable(names)});
  return check->ok ? Exit::ok : Exit::error;
}

CommandResult show_config(const Session& session, bool changed_only) {
  auto config = session.client.get("/system/config");
  if (!config) return config.error();
  const auto rows = config_rows(*config, changed_only);
  std::string names;
  for (const auto& row : rows) names += row.key + "\n";
  session.show({*config, render_config(*config, rows, session.style), names});
  return Exit::ok;
}

CommandResult reload_config(const Session& session) {
  const auto report = session.client.send("POST", "/system/reload");
  if (!report) return report.error();
  std::string names;
  for (const char* kind : {"endpoints", "streams"})
    for (const char* change : {"added", "changed", "removed"})
      for (const auto& each : items_at(*report, fmt::format("/{}/{}", kind, change)))
        names += flat(text_at(each, "")) + "\n";
  session.show({*report, render_reload(*report, session.style), names});
  return Exit::ok;
}

CommandResult show_daemon_log(const Session& session, const LogRequest& request) {
  if (auto named = refuse_names(session, "log"); !named) return named.error();
  return show_log(session, request);
}

}  // namespace rocctl
