#include "rocctl/render_config.hpp"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "model/json_text.hpp"
#include "rocctl/json_access.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

std::string value_text(const json::value* value) {
  if (value == nullptr || value->is_null()) return "-";
  return value->is_string() ? std::string(value->get_string()) : rocd::json_text(*value);
}

// "rocd.yaml:3:11", "ROCD_LOG_LEVEL", "--listen", "default", "changed at run time".
std::string origin_text(const json::value& value) {
  for (const char* place : {"/location", "/variable", "/option"})
    if (auto text = text_at(value, place); !text.empty()) return text;
  auto origin = text_at(value, "/origin");
  if (origin != "override") return origin;
  const auto* hidden = find_at(value, "/instead_of");
  if (hidden == nullptr) return "changed at run time";
  return "changed at run time, instead of " + value_text(find_at(*hidden, "/value")) + " (" +
         origin_text(*hidden) + ")";
}

void add_rows(std::vector<ConfigRow>& rows, const json::array& values, const std::string& prefix,
              bool changed_only) {
  for (const auto& each : values) {
    const bool is_default = text_at(each, "/origin") == "default";
    if (is_default && changed_only) continue;
    rows.push_back({prefix + text_at(each, "/key"), value_text(find_at(each, "/value")),
                    origin_text(each), is_default});
  }
}

std::string names_text(const json::array& names) {
  std::string text;
  for (const auto& each : names) text += (text.empty() ? "" : ", ") + value_text(&each);
  return text;
}

}  // namespace

std::vector<ConfigRow> config_rows(const json::value& config, bool changed_only) {
  std::vector<ConfigRow> rows;
  add_rows(rows, items_at(config, "/values"), "", changed_only);
  for (const char* kind : {"endpoints", "streams"})
    for (const auto& entry : items_at(config, "/" + std::string(kind)))
      add_rows(rows, items_at(entry, "/values"),
               fmt::format("{}.{}.", kind, text_at(entry, "/name")), changed_only);
  return rows;
}

std::string render_config(const json::value& config, const std::vector<ConfigRow>& rows,
                          const Style& style) {
  const auto file = text_at(config, "/file");
  const std::vector<Column> columns{{.head = "KEY", .importance = 3},
                                    {.head = "VALUE", .importance = 2, .narrowest = 12},
                                    {.head = "ORIGIN", .importance = 1, .narrowest = 12}};
  std::vector<Row> cells;
  for (const auto& row : rows) {
    const auto tone = row.is_default ? Tone::faint : Tone::plain;
    cells.push_back({{row.key, tone}, {row.value, tone}, {row.origin, tone}});
  }
  return pairs({{"file", file.empty() ? "none: built-in defaults" : file}}, style) +
         table(columns, cells, style);
}

std::string render_reload(const json::value& report, const Style& style) {
  const auto file = text_at(report, "/file");
  std::vector<Row> rows{{"file", file.empty() ? "none: built-in defaults" : file}};
  const auto add = [&](const std::string& what, const std::string& pointer, Tone tone) {
    const auto& names = items_at(report, pointer);
    if (!names.empty()) rows.push_back({what, {names_text(names), tone}});
  };
  for (const char* kind : {"endpoints", "streams"})
    for (const char* change : {"added", "changed", "removed"})
      add(fmt::format("{} {}", kind, change), fmt::format("/{}/{}", kind, change), Tone::plain);
  add("values changed", "/values", Tone::plain);
  add("after a restart of rocd", "/restart_needed", Tone::doubtful);
  if (rows.size() == 1) rows.push_back({"changes", "none"});
  return pairs(rows, style);
}

}  // namespace rocctl
