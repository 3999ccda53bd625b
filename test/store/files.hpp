// Files as a whole, SQL on a database from outside, modes, and what the store logs.
#pragma once

#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "support/database.hpp"
#include "support/log_text.hpp"

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

// The first column of the first row, or "".
inline std::string run_sql(const std::filesystem::path& file, const std::string& sql) {
  return OtherProgram(file).run(sql);
}

class StoreLog : public LogText {
 public:
  StoreLog() : LogText("store") {}
};

}  // namespace rocd::test
