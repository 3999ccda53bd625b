// An empty directory for the length of a test; gone with the object, and everything in it.
#pragma once

#include <stdlib.h>  // mkdtemp(3)

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace rocd::test {

class TempDirectory {
 public:
  TempDirectory() {
    auto name = (std::filesystem::temp_directory_path() / "rocd-test.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), name);
    path_ = name;
  }
  ~TempDirectory() {
    std::error_code ignored;  // a test has removed it, or made it unreadable
    std::filesystem::remove_all(path_, ignored);
  }
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace rocd::test
