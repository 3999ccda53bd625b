// Files as a whole, SQL on a database from outside, modes, and what the store logs.
#pragma once

#include <spdlog/sinks/ostream_sink.h>
#include <sys/stat.h>

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "support/database.hpp"

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
