// The contract for people: the page, and what it loads.
#include "api/docs.hpp"

#include <catch2/catch_test_macros.hpp>
#include <regex>
#include <set>

#include "api/api_fixture.hpp"
#include "api/document.hpp"
#include "api/gzip.hpp"
#include "api/problem.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

// What a page or style sheet names, in the attributes and functions that load it.
std::vector<std::string> loaded_by(const std::string& text) {
  static const std::regex reference(R"re((?:src|href)="([^"]*)"|url\("?([^")]*)"?\))re");
  std::vector<std::string> list;
  for (auto found = std::sregex_iterator(text.begin(), text.end(), reference);
       found != std::sregex_iterator(); ++found) {
    list.push_back((*found)[1].matched ? (*found)[1] : (*found)[2]);
  }
  return list;
}

}  // namespace

TEST_CASE("The page has every operation, and the place where each problem's type leads") {
  ApiFixture rocd;
  const auto page = rocd.ask("GET", "/docs");
  CHECK(page.content_type == "text/html; charset=utf-8");
  for (const auto& path : openapi_json().at("paths").as_object()) {
    CHECK(page.body.find("<code>" + std::string(path.key()) + "</code>") != std::string::npos);
  }
  for (const auto& kind : problem_kinds()) {
    CHECK(page.body.find("id=\"" + std::string(kind.code) + "\"") != std::string::npos);
  }
}

TEST_CASE("Nothing of the page is inline or comes from elsewhere, and its policy says so") {
  ApiFixture rocd;
  const auto page = rocd.ask("GET", "/docs");
  const auto policy = page.header("Content-Security-Policy");
  CHECK(policy.starts_with("default-src 'none'; script-src 'self'; "));
  CHECK(policy.find("unsafe-eval") == std::string_view::npos);
  CHECK(policy.find("http") == std::string_view::npos);
  CHECK(page.body.find("<style") == std::string::npos);
  CHECK(page.body.find("style=") == std::string::npos);
  CHECK_FALSE(std::regex_search(page.body, std::regex("<script(?! src=)")));
  CHECK_FALSE(std::regex_search(page.body, std::regex(" on[a-z]+=")));
  int files = 0;
  for (const auto& reference : loaded_by(page.body)) {
    CAPTURE(reference);
    if (reference.starts_with("#") || reference == "data:,") continue;
    CHECK(reference.starts_with("/"));
    CHECK(rocd.ask("GET", reference).status == 200);
    if (reference.starts_with("/docs/")) ++files;
  }
  CHECK(files >= 1);
  for (const auto& file : docs_files()) {
    if (!file.name.ends_with(".css")) continue;
    const auto css = rocd.ask("GET", "/docs/" + std::string(file.name));
    for (const auto& reference : loaded_by(css.body)) CHECK(reference.starts_with("data:"));
  }
}

TEST_CASE("What the page loads comes compressed to those who accept it, else as it is") {
  ApiFixture rocd;
  REQUIRE(docs_files().size() >= 2);
  for (const auto& file : docs_files()) {
    CAPTURE(file.name);
    const auto path = "/docs/" + std::string(file.name);
    const auto plain = rocd.ask("GET", path);
    CHECK(plain.status == 200);
    CHECK(plain.header("Content-Encoding").empty());
    CHECK(plain.header("Vary") == "Accept-Encoding");
    CHECK(!plain.body.empty());
    const auto packed = rocd.ask("GET", path, {.accept_encoding = "gzip, deflate"});
    CHECK(packed.header("Content-Encoding") == "gzip");
    CHECK(packed.header("Vary") == "Accept-Encoding");
    CHECK(packed.content_type == plain.content_type);
    CHECK(packed.body == file.gzip);
    CHECK(gunzip(packed.body, plain.body.size()).value() == plain.body);
    CHECK(packed.header("ETag") != plain.header("ETag"));
    const std::string etag(packed.header("ETag"));
    const Ask again{.if_none_match = etag, .accept_encoding = "gzip"};
    CHECK(rocd.ask("GET", path, again).status == 304);
    CHECK(rocd.ask("GET", path, {.if_none_match = etag}).status == 200);
  }
  CHECK(rocd.ask("GET", "/docs/docs.css").content_type == "text/css; charset=utf-8");
  CHECK(rocd.ask("GET", "/docs/docs.js").content_type == "text/javascript; charset=utf-8");
  CHECK(rocd.ask("GET", "/docs/passwd").status == 404);
}

TEST_CASE("Open documents are in memory once, however many read them slowly") {
  ApiFixture rocd;
  std::vector<std::string> paths{"/openapi.json", "/openapi.yaml", "/docs"};
  for (const auto& file : docs_files()) paths.push_back("/docs/" + std::string(file.name));
  for (const auto& path : paths) {
    for (const auto* encoding : {"", "gzip"}) {
      if (*encoding != '\0' && !path.starts_with("/docs/")) continue;  // it is asked of these only
      CAPTURE(path, encoding);
      const auto one = rocd.ask("GET", path, {.accept_encoding = encoding});
      const auto other = rocd.ask("GET", path, {.accept_encoding = encoding});
      CHECK(!one.fixed_body.empty());
      CHECK(one.fixed_body.data() == other.fixed_body.data());
    }
  }
}
