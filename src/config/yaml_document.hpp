// From bytes to the one YAML document of a configuration file, or to the mistake that prevents it:
// not UTF-8, control characters, tabs, wrong syntax, several documents.
#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>
#include <string>

#include "config/mistakes.hpp"

namespace rocd {

// A null node for a file without content; nullopt after a mistake.
[[nodiscard]] std::optional<YAML::Node> parse_yaml(const std::string& text, Mistakes& mistakes);

}  // namespace rocd
