// A configuration given as text, with an environment given as a map.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/config.hpp"

namespace rocd::test {

using Variables = std::map<std::string, std::string>;

// Holds what the environment's pointers point to.
class FakeEnvironment {
 public:
  explicit FakeEnvironment(Variables variables = {}) : variables_(std::move(variables)) {}
  const char* operator()(const char* name) const {
    const auto found = variables_.find(name);
    return found == variables_.end() ? nullptr : found->second.c_str();
  }

 private:
  Variables variables_;
};

inline ConfigResult parse(const std::string& text, Variables variables = {}) {
  return parse_config(text, "rocd.yaml", FakeEnvironment(std::move(variables)));
}

// "LOCATION: REASON" of each.
inline std::vector<std::string> lines(const std::vector<ConfigError>& errors) {
  std::vector<std::string> all;
  for (const auto& error : errors) all.push_back(error.location + ": " + error.reason);
  return all;
}

}  // namespace rocd::test
