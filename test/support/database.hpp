// The stored state as a file: SQL from outside, and its bytes.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>

namespace rocd::test {

class OtherProgram {
 public:
  explicit OtherProgram(const std::filesystem::path& file) {
    if (sqlite3_open(file.c_str(), &database_) != SQLITE_OK)
      throw std::runtime_error("cannot open " + file.string());
  }
  ~OtherProgram() { sqlite3_close(database_); }
  OtherProgram(const OtherProgram&) = delete;
  OtherProgram& operator=(const OtherProgram&) = delete;

  // The first column of the first row, or "".
  std::string run(const std::string& sql) const {
    std::string answer;
    const auto note = [](void* to, int columns, char** values, char**) {
      auto& text = *static_cast<std::string*>(to);
      if (text.empty() && columns > 0 && values[0] != nullptr) text = values[0];
      return 0;
    };
    char* error = nullptr;
    sqlite3_exec(database_, sql.c_str(), note, &answer, &error);
    if (error == nullptr) return answer;
    const std::string reason = error;
    sqlite3_free(error);
    throw std::runtime_error(sql + ": " + reason);
  }

 private:
  sqlite3* database_ = nullptr;
};

// Name -> bytes of the state and its log: what must not change. An empty log is none.
inline std::map<std::string, std::string> state_files(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("state.db") || name.ends_with("-shm") || !entry.is_regular_file())
      continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (!bytes.empty() || !name.ends_with("-wal")) files[name] = std::move(bytes);
  }
  return files;
}

}  // namespace rocd::test
