// What decides does no I/O: base/, model/ and every file that says "(pure)" in its opening comment
// reach no header of Asio, ZeroMQ, PipeWire or Boost.Process, directly or through headers of ours.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const fs::path root = fs::path(ROCD_SOURCE_DIR) / "src";

struct Source {
  bool pure = false;
  std::vector<std::string> ours;     // "model/stream.hpp"
  std::vector<std::string> foreign;  // "boost/asio/awaitable.hpp"
};

Source read(const fs::path& file) {
  Source source;
  std::ifstream in(file);
  bool opening = true;
  for (std::string line; std::getline(in, line);) {
    opening = opening && line.starts_with("//");
    if (opening && line.find("(pure)") != std::string::npos) source.pure = true;
    if (!line.starts_with("#include ")) continue;
    const auto begin = line.find_first_of("<\"");
    const auto end = line.find_first_of(">\"", begin + 1);
    if (end == std::string::npos) continue;
    auto& list = line[begin] == '<' ? source.foreign : source.ours;
    list.push_back(line.substr(begin + 1, end - begin - 1));
  }
  return source;
}

std::map<std::string, Source> all_sources() {
  std::map<std::string, Source> sources;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const auto extension = entry.path().extension();
    if (extension != ".hpp" && extension != ".cpp") continue;
    const auto name = entry.path().lexically_relative(root).string();
    sources[name] = read(entry.path());
    if (name.starts_with("base/") || name.starts_with("model/")) sources[name].pure = true;
  }
  // What a header says of itself holds for its source file, too.
  for (auto& [name, source] : sources) {
    if (!name.ends_with(".cpp")) continue;
    const auto header = sources.find(name.substr(0, name.size() - 4) + ".hpp");
    if (header != sources.end() && header->second.pure) source.pure = true;
  }
  return sources;
}

bool is_io(const std::string& header) {
  const std::vector<std::string> prefixes{"boost/asio", "boost/beast", "boost/process",
                                          "pipewire/",  "spa/",        "zmq"};
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const auto& prefix) { return header.starts_with(prefix); });
}

// "a.hpp -> b.hpp -> boost/asio/…" for the first such header reached; empty: none.
std::string path_to_io(const std::string& name, const std::map<std::string, Source>& sources,
                       std::set<std::string>& seen) {
  const auto found = sources.find(name);
  if (found == sources.end() || !seen.insert(name).second) return "";
  for (const auto& header : found->second.foreign)
    if (is_io(header)) return name + " -> " + header;
  for (const auto& header : found->second.ours) {
    const auto path = path_to_io(header, sources, seen);
    if (!path.empty()) return name + " -> " + path;
  }
  return "";
}

}  // namespace

TEST_CASE("pure files reach no header that does I/O") {
  const auto sources = all_sources();
  std::size_t pure = 0;
  for (const auto& [name, source] : sources) {
    if (!source.pure) continue;
    ++pure;
    std::set<std::string> seen;
    CHECK(path_to_io(name, sources, seen) == "");
  }
  CHECK(pure >= 30);  // else this test looks in the wrong place
}

TEST_CASE("rooms include only rooms below them") {
  // app/ wires everything; thirdparty/ compiles other people's code.
  const std::map<std::string, std::set<std::string>> below{
      {"base", {}},
      {"model", {"base"}},
      {"aio", {"base"}},
      {"config", {"base", "model"}},
      {"store", {"base", "model"}},
      {"supervise", {"base", "model", "aio"}},
      {"device", {"base", "model", "aio", "store"}},
      {"stream", {"base", "model", "aio", "store", "supervise", "device"}},
      {"api", {"base", "model", "aio", "store", "supervise", "device", "stream", "config"}},
  };
  for (const auto& [name, source] : all_sources()) {
    const auto room = name.substr(0, name.find('/'));
    const auto allowed = below.find(room);
    if (allowed == below.end()) continue;
    for (const auto& header : source.ours) {
      const auto other = header.substr(0, header.find('/'));
      CAPTURE(name, header);
      CHECK((other == room || allowed->second.contains(other)));
    }
  }
}

TEST_CASE("no two rooms define a type of the same name") {
  // All live in one namespace: two of a name are silently one to the linker (the one-definition
  // rule).
  std::map<std::string, std::string> defined_in;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".hpp") continue;
    const auto file = entry.path().lexically_relative(root).string();
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) {
      const auto keyword = line.starts_with("struct ") ? 7 : line.starts_with("class ") ? 6 : 0;
      if (keyword == 0 || line.find('{') == std::string::npos) continue;
      const auto name = line.substr(keyword, line.find_first_of(" {", keyword) - keyword);
      if (name.find("::") != std::string::npos) continue;  // nested in a class of that name
      const auto [first, added] = defined_in.try_emplace(name, file);
      CAPTURE(name, file, first->second);
      CHECK((added || name.find('<') != std::string::npos));
    }
  }
  CHECK(defined_in.size() >= 60);  // else this test looks in the wrong place
}
