#include "api/docs.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "api/document.hpp"
#include "api/problem.hpp"

namespace rocd {
namespace {

std::string escape(std::string_view text) {
  std::string html;
  for (const char c : text) {
    if (c == '<')
      html += "&lt;";
    else if (c == '&')
      html += "&amp;";
    else if (c == '"')
      html += "&quot;";
    else
      html += c;
  }
  return html;
}

std::string_view text_of(const boost::json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return value->get_string();
}

std::string resources() {
  std::string html = "<section id=\"resources\"><h2>Resources</h2><table>\n";
  for (const auto& path : openapi_json().at("paths").as_object()) {
    for (const auto& method : path.value().as_object()) {
      if (!method.value().is_object()) continue;  // parameters that the methods share
      std::string name(method.key());
      for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
      html += "<tr><td><code>" + name + "</code><td><code>" + escape(path.key()) + "</code><td>" +
              escape(text_of(method.value().as_object(), "summary")) + "\n";
    }
  }
  return html + "</table></section>\n";
}

std::string errors() {
  std::string html = "<section id=\"errors\"><h2>Errors</h2><table>\n";
  for (const auto& kind : problem_kinds()) {
    html += "<tr id=\"" + std::string(kind.code) + "\"><td>" + std::to_string(kind.status) +
            "<td><code>" + std::string(kind.code) + "</code><td>" + escape(kind.meaning) + "\n";
  }
  return html + "</table></section>\n";
}

}  // namespace

const DocsFile* find_docs_file(std::string_view name) {
  for (const auto& file : docs_files()) {
    if (file.name == name) return &file;
  }
  return nullptr;
}

std::string docs_page() {
  const bool has_viewer = find_docs_file("swagger-ui-bundle.js") != nullptr;
  std::string html =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>rocd REST "
      "API</title>\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n"
      "<link rel=\"icon\" href=\"data:,\"><link rel=\"stylesheet\" href=\"/docs/docs.css\">\n";
  if (has_viewer) {
    html +=
        "<link rel=\"stylesheet\" href=\"/docs/swagger-ui.css\">\n"
        "<script src=\"/docs/swagger-ui-bundle.js\" defer></script>\n"
        "<script src=\"/docs/docs.js\" defer></script>\n";
  }
  html +=
      "</head><body>\n<header><h1>rocd REST API</h1><p>The contract, for programs: "
      "<a href=\"/openapi.yaml\">openapi.yaml</a>, <a href=\"/openapi.json\">openapi.json</a>. "
      "What can go wrong: <a href=\"#errors\">errors</a>.</p></header>\n<main "
      "id=\"viewer\"></main>\n";
  html += resources() + errors();
  if (has_viewer) {
    html +=
        "<footer>Shown with Swagger UI (<a href=\"/docs/LICENSE\">Apache-2.0</a>, "
        "<a href=\"/docs/swagger-ui-bundle.js.LICENSE.txt\">its parts</a>).</footer>\n";
  }
  return html + "</body></html>\n";
}

}  // namespace rocd
