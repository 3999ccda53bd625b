#include "rocctl/session.hpp"

#include <ostream>

#include "model/json.hpp"
#include "model/json_text.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/resolve.hpp"
#include "rocctl/text.hpp"
#include "rocctl/yaml.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

constexpr const char* endpoints_path = "/peers/self/endpoints";

Outcome<std::string> names_of(const Session& session, const json::array& items,
                              const std::string& path, const std::string& kind) {
  if (session.format != Format::name) return std::string();
  const auto all = session.client.get(path);
  if (!all) return all.error();
  std::string names;
  for (const auto& item : items) names += word_for(item, items_of(*all), kind) + "\n";
  return names;
}

}  // namespace

void Session::show(const Answer& answer) const {
  switch (format) {
    case Format::table:
      out << answer.text;
      break;
    case Format::json:
      out << pretty(answer.value);
      break;
    case Format::yaml:
      out << yaml(answer.value);
      break;
    case Format::name:
      out << answer.names;
      break;
  }
  out << std::flush;
}

void Session::show_next(const json::value& value, const std::string& text) const {
  if (format == Format::json)
    out << rocd::json_text(value) << '\n';
  else if (format == Format::yaml)
    out << "---\n" << yaml(value);
  else
    out << text;
  out << std::flush;
}

void Session::note(const std::string& text) const {
  err << printable(text) << '\n';
}

Outcome<json::value> Session::endpoint(const std::string& word) const {
  if (rocd::parse_endpoint_uri(word, {})) return client.get(word);
  auto endpoints = client.get(endpoints_path);
  if (!endpoints) return endpoints;
  return resolve(word, items_of(*endpoints), "endpoint");
}

Outcome<json::value> Session::stream(const std::string& word) const {
  auto streams = client.get("/streams");
  if (!streams) return streams;
  return resolve(word, items_of(*streams), "stream");
}

Outcome<std::string> Session::endpoint_names(const json::array& items) const {
  return names_of(*this, items, endpoints_path, "endpoint");
}

Outcome<std::string> Session::stream_names(const json::array& items) const {
  return names_of(*this, items, "/streams", "stream");
}

Outcome<> refuse_names(const Session& session, const std::string& command) {
  if (session.format != Format::name) return {};
  return usage_failure("'" + command + "' shows nothing that has a name",
                       "use -o table, json or yaml");
}

}  // namespace rocctl
