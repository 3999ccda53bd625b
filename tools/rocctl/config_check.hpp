// What `rocd --check FILE` says, understood. (pure but for check_config_file())
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rocctl/failure.hpp"

namespace rocctl {

struct ConfigMistake {
  std::string file{};
  int line = 0, column = 0;  // 0: of the whole file
  std::string reason{};
};

struct ConfigCheck {
  bool ok = false;
  std::string text;  // what rocd says
  std::vector<ConfigMistake> mistakes{};
};

// "rocd.yaml:3:11: unknown key 'nam'"; nullopt: it is no such line.
[[nodiscard]] std::optional<ConfigMistake> parse_mistake(const std::string& line);

[[nodiscard]] boost::json::value to_json(const ConfigCheck& check);

// Runs the rocd that is installed with this rocctl, else the one in PATH. file: empty for the one
// that rocd would read. A failure: there is no rocd, or it does not end.
[[nodiscard]] Outcome<ConfigCheck> check_config_file(const std::string& file);

}  // namespace rocctl
