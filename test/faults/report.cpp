#include "faults/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace rocd::test {
namespace {

struct Row {
  std::vector<double> seconds;
  std::size_t failed = 0;
};

double at(const std::vector<double>& sorted, double share) {
  const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(index, sorted.size() - 1)];
}

std::string line(const std::string& name, Row row) {
  std::sort(row.seconds.begin(), row.seconds.end());
  return fmt::format("| {} | {} | {:.1f} | {:.1f} | {:.1f} | {} |\n", name, row.seconds.size(),
                     at(row.seconds, 0.5), at(row.seconds, 0.99), row.seconds.back(), row.failed);
}

}  // namespace

std::string report(const std::vector<Outcome>& outcomes) {
  std::map<std::string, Row> rows;
  Row all;
  std::map<std::string, int> pairs;
  std::vector<double> forgiven;
  for (const auto& outcome : outcomes) {
    const bool two = outcome.kinds.find(" + ") != std::string::npos;
    if (two) ++pairs[outcome.kinds];
    if (outcome.forgiven_seconds > 0) forgiven.push_back(outcome.forgiven_seconds);
    auto& row = rows[two ? "two at once" : outcome.kinds];
    row.seconds.push_back(outcome.recovery_seconds);
    all.seconds.push_back(outcome.recovery_seconds);
    row.failed += outcome.problems.empty() ? 0 : 1;
    all.failed += outcome.problems.empty() ? 0 : 1;
  }
  std::string text =
      "| fault | n | back after, s: median | p99 | max | not healed as it should |\n"
      "|---|---|---|---|---|---|\n";
  for (const auto& [name, row] : rows) text += line(name, row);
  if (outcomes.empty()) return text;
  text += line("all", all);
  text += fmt::format(
      "\n{} of {} faults were pairs, {} different ones. In {} a silence was not judged because the "
      "way without rocd had it, too: {:.1f} s at most.\n",
      rows["two at once"].seconds.size(), outcomes.size(), pairs.size(), forgiven.size(),
      forgiven.empty() ? 0 : *std::max_element(forgiven.begin(), forgiven.end()));
  return text;
}

}  // namespace rocd::test
