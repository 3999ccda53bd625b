// The contract for people: the page at /docs, and the files that it loads, which are part of the
// program. The page is complete without them: Swagger UI only shows more.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rocd {

struct DocsFile {
  std::string_view name, hash, gzip;  // gzip: the content, compressed
};

// Made by docs/docs.cmake. Without ROCD_DOCS_VIEWER there is no viewer among them.
[[nodiscard]] std::span<const DocsFile> docs_files();
[[nodiscard]] const DocsFile* find_docs_file(std::string_view name);

[[nodiscard]] std::string docs_page();

}  // namespace rocd
