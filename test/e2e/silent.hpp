// A rocd without a sound system and without tools: for what has to do with its state only. Several
// may run at once, and one is ready within a few milliseconds.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "e2e/rocd.hpp"
#include "support/temp_directory.hpp"

namespace rocd::test {

class Silent {
 public:
  // `entries`: "endpoints:" and "streams:" of its configuration.
  explicit Silent(const std::string& entries = {});

  [[nodiscard]] Rocd& rocd() { return *rocd_; }
  // `launcher`: a command that ends in running what follows it.
  void start(const std::vector<std::string>& launcher = {});
  void kill();  // SIGKILL, and waits for its end
  void stop();  // SIGTERM; throws if it does not end well

  // Runs one that is expected not to start.
  [[nodiscard]] Finished refused(const std::vector<std::string>& launcher = {}) const;

  // As refused() runs it.
  [[nodiscard]] std::vector<std::string> command() const;
  [[nodiscard]] std::filesystem::path state() const { return directory_.path() / "state"; }
  [[nodiscard]] std::filesystem::path log() const { return directory_.path() / "rocd.log"; }

 private:
  TempDirectory directory_;
  std::filesystem::path config_;
  std::optional<Rocd> rocd_;
};

}  // namespace rocd::test
