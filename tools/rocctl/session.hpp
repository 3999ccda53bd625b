// What every command gets: the daemon, and how and where to show what it says.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <iosfwd>
#include <string>

#include "rocctl/client.hpp"
#include "rocctl/table.hpp"

namespace rocctl {

enum class Format { table, json, yaml, name };

// One answer in each way it can be asked for.
struct Answer {
  const boost::json::value& value;  // json and yaml: as the API gives it
  std::string text;                 // table: for people
  std::string names;                // name: a line for each
};

struct Session {
  const Client& client;
  Format format = Format::table;
  Style style{};
  std::ostream& out;  // what was asked for
  std::ostream& err;  // notes about it

  void show(const Answer& answer) const;
  // One of many that come over time; with -o json a line each, with -o yaml a document each.
  void show_next(const boost::json::value& value, const std::string& text) const;
  void note(const std::string& text) const;

  // What a word of the command line means; whole objects, as GET shows them.
  [[nodiscard]] Outcome<boost::json::value> endpoint(const std::string& word) const;
  [[nodiscard]] Outcome<boost::json::value> stream(const std::string& word) const;

  // The names of `items`, for Answer::names; asks for all others only if names are to be shown.
  [[nodiscard]] Outcome<std::string> endpoint_names(const boost::json::array& items) const;
  [[nodiscard]] Outcome<std::string> stream_names(const boost::json::array& items) const;
};

// -o name where nothing has a name: a failure `usage`.
[[nodiscard]] Outcome<> refuse_names(const Session& session, const std::string& command);

}  // namespace rocctl
