#include "config/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "config/text.hpp"

namespace rocd {
namespace {

// Edits (insert, remove, replace, swap two neighbours) that make `b` of `a`.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> cost(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t replaced = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

SourceLocation Mistakes::location(YamlPlace place) const {
  return fmt::format("{}:{}:{}", file_, place.line, place.column);
}

void Mistakes::add(YamlPlace place, std::string_view reason) {
  found_.push_back({place, without_secrets(reason)});
}

void Mistakes::add_elsewhere(SourceLocation location, std::string_view reason) {
  elsewhere_.push_back({std::move(location), without_secrets(reason)});
}

std::vector<ConfigError> Mistakes::take() {
  std::stable_sort(found_.begin(), found_.end(), [](const Found& a, const Found& b) {
    return std::tie(a.place.line, a.place.column) < std::tie(b.place.line, b.place.column);
  });
  std::vector<ConfigError> errors;
  errors.reserve(count());
  for (auto& found : found_) {
    ConfigError error{location(found.place), std::move(found.reason)};
    // An alias is read once for each of its uses: the same mistake is said once.
    if (std::find(errors.begin(), errors.end(), error) == errors.end())
      errors.push_back(std::move(error));
  }
  std::move(elsewhere_.begin(), elsewhere_.end(), std::back_inserter(errors));
  found_.clear();
  elsewhere_.clear();
  return errors;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known,
                         std::string otherwise) {
  constexpr std::size_t longest = 64;  // the cost is quadratic; nobody mistypes more than that
  if (word.size() > longest) return otherwise;
  const std::string* best = nullptr;
  // Less than this many edits: one in short words, two in others, none where nothing would be left.
  std::size_t best_distance = word.size() < 2 ? 1 : word.size() < 4 ? 2 : 3;
  for (const auto& candidate : known) {
    if (candidate.size() > longest) continue;
    if (const auto d = distance(word, candidate); d < best_distance) {
      best = &candidate;
      best_distance = d;
    }
  }
  return best != nullptr ? fmt::format(", did you mean '{}'?", *best) : std::move(otherwise);
}

std::string one_of(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) text += i + 1 == words.size() ? " or " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace rocd
