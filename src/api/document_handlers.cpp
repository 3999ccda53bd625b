// /openapi.json, /openapi.yaml and /docs: the contract, for machines and for people.
#include <map>

#include "api/docs.hpp"
#include "api/document.hpp"
#include "api/gzip.hpp"
#include "api/handlers.hpp"
#include "api/problem.hpp"
#include "api/respond.hpp"
#include "model/json_text.hpp"

namespace rocd {
namespace {

constexpr std::size_t max_file_bytes = 16U << 20U;  // the viewer has two million

// Nothing from elsewhere, nothing inline: a page of this daemon could use it as its user does.
// Swagger UI sets styles of elements, and has images of its own in its style sheet.
constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'";

// `body` lives as long as the program: nobody who reads slowly has a copy of its own.
HttpResponse document(std::string_view content_type, std::string_view body) {
  HttpResponse response;
  response.content_type = content_type;
  response.fixed_body = body;
  return response;
}

std::string_view content_type_of(std::string_view name) {
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  return "text/plain; charset=utf-8";
}

// Kept once it was asked for: taking it apart takes ten milliseconds, and nobody needs a token.
Result<std::string_view> content_of(const DocsFile& file) {
  static std::map<std::string_view, std::string> contents;
  auto known = contents.find(file.name);
  if (known == contents.end()) {
    auto content = gunzip(file.gzip, max_file_bytes);
    if (!content) return content.error();
    known = contents.emplace(file.name, std::move(*content)).first;
  }
  return std::string_view(known->second);
}

HttpResponse read_docs(const Call&) {
  static const std::string page = docs_page();
  auto response = document("text/html; charset=utf-8", page);
  response.headers.emplace_back("Content-Security-Policy", page_policy);
  return response;
}

HttpResponse read_docs_file(const Call& call) {
  const auto& name = call.argument("file");
  const auto* file = find_docs_file(name);
  if (file == nullptr) {
    return error_response({ErrorCode::not_found,
                           "/docs has no file '" + name + "'",
                           {},
                           "GET /docs says which it loads",
                           {}},
                          call.request);
  }
  auto response = document(content_type_of(name), file->gzip);
  response.headers.emplace_back("Vary", "Accept-Encoding");
  std::string tag(file->hash);
  if (accepts_gzip(call.request.accept_encoding)) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    tag += "-gzip";
  } else {
    const auto content = content_of(*file);
    if (!content) return error_response(content.error(), call.request);
    response.fixed_body = *content;
  }
  response.headers.emplace_back("ETag", '"' + tag + '"');
  return response;
}

}  // namespace

// Open to everybody, as the project's own pages are: nothing of this computer is in them.
void add_document_routes(Router& router, Services&) {
  const auto add = [&router](std::string path, Router::Handler handler) {
    router.add({Method::get, std::move(path), BodyKind::none, {}, std::move(handler), Role::none});
  };
  add("/openapi.json", [](const Call&) {
    static const std::string text = json_text(openapi_json());
    return document("application/json", text);
  });
  add("/openapi.yaml", [](const Call&) {
    return document("application/yaml", openapi_yaml());  // RFC 9512
  });
  add("/docs", read_docs);
  add("/docs/{file}", read_docs_file);
}

}  // namespace rocd
