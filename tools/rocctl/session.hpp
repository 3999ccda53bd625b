// What every command gets: the daemon, and how and where to show what it says.
#pragma once

#include <boost/json/value.hpp>
#include <iosfwd>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "rocctl/client.hpp"
#include "rocctl/table.hpp"

namespace rocctl {

enum class Format { table, json };

struct Session {
  const Client& client;
  Format format = Format::table;
  Style style{};
  std::ostream& out;  // what was asked for
  std::ostream& err;  // notes about it

  // The JSON with -o json, else the text.
  void show(const boost::json::value& value, const std::string& text) const;
  void note(const std::string& text) const;

  // What a word of the command line means; whole objects, as GET shows them.
  [[nodiscard]] Outcome<boost::json::value> endpoint(const std::string& word) const;  // NAME[@PEER]
  [[nodiscard]] Outcome<boost::json::value> stream(const std::string& word) const;
  [[nodiscard]] Outcome<std::string> peer_path(const std::string& word) const;  // "/peers/<uid>"
};

// How long to wait; nullopt: not at all.
using Wait = std::optional<rocd::Duration>;

// Until the stream runs and is healthy. since: `status.since` of the run that does not count any
// more, for a restart. Gives the stream as it is then; a failure `unhealthy` says what is wrong.
[[nodiscard]] Outcome<boost::json::value> wait_for_stream(const Session& session,
                                                          const std::string& path,
                                                          rocd::Duration limit,
                                                          const std::string& since = {});
[[nodiscard]] Outcome<boost::json::value> wait_for_endpoint(const Session& session,
                                                            const std::string& path,
                                                            rocd::Duration limit);

}  // namespace rocctl
