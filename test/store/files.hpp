// Files as a whole, SQL on a database from outside, modes, and what the store logs.
#pragma once

#include <spdlog/sinks/ostream_sink.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"

namespace rocd::test {

inline std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_file(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

inline mode_t mode_of(const std::filesystem::path& file) {
  struct stat found{};
  return ::stat(file.c_str(), &found) == 0 ? found.st_mode & 07777 : 0;
}

// Name -> bytes of the state and its log: what must not change. An empty log is none.
inline std::map<std::string, std::string> state_files(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("state.db") || name.ends_with("-shm") || !entry.is_regular_file())
      continue;
    if (auto bytes = read_file(entry.path()); !bytes.empty() || !name.ends_with("-wal"))
      files[name] = std::move(bytes);
  }
  return files;
}

// The first column of the first row, or "".
inline std::string run_sql(const std::filesystem::path& file, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  std::string answer;
  const auto note = [](void* to, int columns, char** values, char**) {
    auto& text = *static_cast<std::string*>(to);
    if (text.empty() && columns > 0 && values[0] != nullptr) text = values[0];
    return 0;
  };
  CAPTURE(sql);
  REQUIRE(sqlite3_exec(database, sql.c_str(), note, &answer, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_close(database) == SQLITE_OK);
  return answer;
}

// What the store logs while this object lives, without times.
class StoreLog {
 public:
  StoreLog() : before_(log("store").sinks()) {
    log("store").sinks() = {std::make_shared<spdlog::sinks::ostream_sink_st>(text_)};
    log("store").set_pattern("%l %v");
  }
  ~StoreLog() { log("store").sinks() = before_; }
  StoreLog(const StoreLog&) = delete;
  StoreLog& operator=(const StoreLog&) = delete;
  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::vector<spdlog::sink_ptr> before_;
};

}  // namespace rocd::test
