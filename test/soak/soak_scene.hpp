// Where a part of the soak happens: an audio session, and one rocd in it that stays.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "e2e/rocd.hpp"
#include "soak/rest_client.hpp"
#include "soak/vitals.hpp"
#include "support/audio_session.hpp"

namespace rocd::test {

class SoakScene {
 public:
  // config: YAML besides tools and ports; token: of the client.
  explicit SoakScene(const std::string& config, const std::string& token = {});

  AudioSession session;
  [[nodiscard]] RestClient& rest() { return *rest_; }
  [[nodiscard]] int pid() { return rocd_->process().pid(); }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const {
    return directory_.path() / name;
  }
  // Replaces what rocd runs as roc-send and roc-recv by this shell script; empty: the real ones.
  void set_tools(const std::string& script);

  // Waits for the condition; throws with rocd's log and `what` if it does not come.
  void wait(const std::string& what, const std::function<bool()>& condition,
            Milliseconds interval = 5ms);
  // When it has come to rest, as well as that can be seen.
  [[nodiscard]] Vitals vitals();

 private:
  TempDirectory directory_;
  std::optional<Rocd> rocd_;
  std::optional<RestClient> rest_;
};

}  // namespace rocd::test
