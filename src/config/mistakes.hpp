// Collects what is wrong with a configuration, each mistake with its place, and hands them out in
// the order of the file, however they were found. Also: which known word was probably meant. (pure)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace rocd {

// As editors count: from 1.
struct YamlPlace {
  int line = 1;
  int column = 1;
};

class Mistakes {
 public:
  explicit Mistakes(std::string file) : file_(std::move(file)) {}

  [[nodiscard]] SourceLocation location(YamlPlace place) const;  // "rocd.yaml:12:5"
  // Whatever a reason repeats of the file, secrets are left out of it.
  void add(YamlPlace place, std::string_view reason);
  // Not in the file: `location` stands as it is, after everything that is in the file.
  void add_elsewhere(SourceLocation location, std::string_view reason);

  [[nodiscard]] std::size_t count() const { return found_.size() + elsewhere_.size(); }
  [[nodiscard]] std::vector<ConfigError> take();

 private:
  struct Found {
    YamlPlace place;
    std::string reason;
  };
  std::string file_;
  std::vector<Found> found_;
  std::vector<ConfigError> elsewhere_;
};

// ", did you mean 'listen'?" if one of `known` is close to `word`, else `otherwise`.
[[nodiscard]] std::string did_you_mean(std::string_view word, const std::vector<std::string>& known,
                                       std::string otherwise = {});

// "a", "a or b", "a, b or c".
[[nodiscard]] std::string one_of(const std::vector<std::string>& words);

}  // namespace rocd
