// The real rocctl, and the real rocd where a test wants it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "support/temp_directory.hpp"

namespace rocctl::test {

using rocd::test::TempDirectory;

struct Run {
  int exit = -1;  // -1: by a signal, or not in time
  std::string out, err;
};

// Environment: PATH, an empty XDG_RUNTIME_DIR, and `environment` ("NAME=value"). `output` takes
// standard output instead of Run::out.
Run rocctl(const std::vector<std::string>& arguments,
           const std::vector<std::string>& environment = {}, const std::string& input = "",
           const std::filesystem::path& output = {});

// rocd at a free port, with a state directory of its own and without PipeWire.
class Rocd {
 public:
  explicit Rocd(const std::string& yaml);  // throws with its log
  ~Rocd();
  Rocd(const Rocd&) = delete;
  Rocd& operator=(const Rocd&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }
  [[nodiscard]] std::string socket() const { return directory_.path() / "rocd.sock"; }
  [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  TempDirectory directory_;
  pid_t pid_ = 0;
  std::string url_;
};

}  // namespace rocctl::test
