// /openapi.json, /openapi.yaml and /docs: the contract, for machines and for people.
#include <boost/json/object.hpp>

#include "api/document.hpp"
#include "api/handlers.hpp"
#include "api/problem.hpp"
#include "api/respond.hpp"
#include "model/json_text.hpp"

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

std::string docs_page() {
  std::string html =
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>rocd REST API</title>"
      "<style>body{font:16px sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
      "td{padding:.2em 1em .2em 0;vertical-align:top}</style><h1>rocd REST API</h1>"
      "<p>The contract: <a href=\"/openapi.yaml\">openapi.yaml</a>, "
      "<a href=\"/openapi.json\">openapi.json</a>.</p><h2>Resources</h2><table>";
  for (const auto& path : openapi_json().at("paths").as_object()) {
    for (const auto& method : path.value().as_object()) {
      if (!method.value().is_object()) continue;  // parameters that the methods share
      std::string name(method.key());
      for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
      html += "<tr><td><code>" + name + "</code><td><code>" + escape(path.key()) + "</code><td>" +
              escape(text_of(method.value().as_object(), "summary"));
    }
  }
  html += "</table><h2>Errors</h2><table>";
  for (const auto& kind : problem_kinds()) {
    html += "<tr id=\"" + std::string(kind.code) + "\"><td>" + std::to_string(kind.status) +
            "<td><code>" + std::string(kind.code) + "</code><td>" + escape(kind.meaning);
  }
  return html + "</table></html>\n";
}

HttpResponse document(std::string content_type, std::string body) {
  HttpResponse response;
  response.content_type = std::move(content_type);
  response.body = std::move(body);
  return response;
}

}  // namespace

void add_document_routes(Router& router, Services&) {
  router.add({Method::get, "/openapi.json", BodyKind::none, {}, [](const Call&) {
                static const std::string text = json_text(openapi_json());
                return document("application/json", text);
              }});
  router.add({Method::get, "/openapi.yaml", BodyKind::none, {}, [](const Call&) {
                return document("application/yaml", std::string(openapi_yaml()));  // RFC 9512
              }});
  router.add({Method::get, "/docs", BodyKind::none, {}, [](const Call&) {
                auto response = document("text/html; charset=utf-8", docs_page());
                response.headers.emplace_back("Content-Security-Policy",
                                              "default-src 'none'; style-src 'unsafe-inline'");
                return response;
              }});
}

}  // namespace rocd
