#include "faults/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace rocd::test {
namespace {

struct Row {
  std::vector<double> seconds;  // of each fault that it was part of
  double whole = 0;
  std::size_t in_pairs = 0;
  double limit = 0;
  std::size_t told_by_event = 0, told_by_health = 0;
  std::size_t failed = 0;

  // Of the whole outcome, or of what one kind had in it.
  void add(const Outcome& outcome, const std::string& kind = "") {
    const auto is_of_row = [&](const auto& entry) { return kind.empty() || entry.first == kind; };
    for (const auto& entry : outcome.limits)
      if (is_of_row(entry)) limit = std::max(limit, entry.second);
    const auto tells = [&](bool Told::* how) {
      return std::ranges::any_of(
          outcome.told, [&](const auto& entry) { return is_of_row(entry) && entry.second.*how; });
    };
    told_by_event += tells(&Told::by_event) ? 1 : 0;
    told_by_health += tells(&Told::by_health) ? 1 : 0;
    seconds.push_back(outcome.recovery_seconds);
    whole = std::max(whole, outcome.whole_seconds);
    in_pairs += outcome.kinds.size() > 1 ? 1 : 0;
    failed += outcome.problems.empty() ? 0 : 1;
  }
};

double at(const std::vector<double>& sorted, double share) {
  const auto index = static_cast<std::size_t>(share * static_cast<double>(sorted.size()));
  return sorted[std::min(index, sorted.size() - 1)];
}

double longest(const std::vector<double>& seconds) {
  return seconds.empty() ? 0 : *std::max_element(seconds.begin(), seconds.end());
}

std::string line(const std::string& name, Row row) {
  std::sort(row.seconds.begin(), row.seconds.end());
  return fmt::format(
      "| {} | {} | {} | {:.1f} | {:.1f} | {:.1f} | {:.1f} | {:.1f} | {} | {} | {} |\n", name,
      row.seconds.size() - row.in_pairs, row.in_pairs, row.limit, at(row.seconds, 0.5),
      at(row.seconds, 0.99), row.seconds.back(), row.whole, row.told_by_event, row.told_by_health,
      row.failed);
}

}  // namespace

std::string report(const std::vector<Outcome>& outcomes) {
  std::map<std::string, Row> rows;
  Row all;
  std::set<std::vector<std::string>> pairs;
  std::vector<double> forgiven;
  std::vector<double> excused;
  std::size_t noises = 0, slow = 0, revived = 0;
  double bystander = 0;
  for (const auto& outcome : outcomes) {
    for (const auto& kind : outcome.kinds) rows[kind].add(outcome, kind);
    all.add(outcome);
    if (outcome.kinds.size() > 1) pairs.insert(outcome.kinds);
    noises += outcome.noise.empty() ? 0 : 1;
    slow += outcome.slow_linking ? 1 : 0;
    revived += outcome.reports_revived ? 1 : 0;
    bystander = std::max(bystander, outcome.bystander_seconds);
    if (outcome.excused_seconds > 0) excused.push_back(outcome.excused_seconds);
    if (outcome.forgiven_seconds > 0) forgiven.push_back(outcome.forgiven_seconds);
  }
  std::string text =
      "| fault | alone | in a pair | limit, s | back after, s: median | p99 | max | "
      "all tones whole, max | cause told by an event | newly by health | not healed as it should "
      "|\n"
      "|---|---|---|---|---|---|---|---|---|---|---|\n";
  for (const auto& [name, row] : rows) text += line(name, row);
  if (outcomes.empty()) return text;
  text += line("all", all);
  text += fmt::format(
      "\n{} of {} faults were pairs, {} different ones.\n\n"
      "Silences of ways that were not hit: {:.1f} s at most. What was excused: in {} a silence "
      "because the way without rocd had it, too ({:.1f} s at most); in {} one because the tools "
      "had no processor ({:.1f} s); in {} a way was back late because the session manager was; in "
      "{} there was a moment of noise when PipeWire went on; in {} streams were restarted as their "
      "hint said.\n",
      all.in_pairs, outcomes.size(), pairs.size(), bystander, forgiven.size(), longest(forgiven),
      excused.size(), longest(excused), slow, noises, revived);
  return text;
}

std::vector<std::string> kinds_never_made(const std::vector<const FaultKind*>& kinds,
                                          const std::vector<Outcome>& outcomes) {
  std::vector<std::string> missing;
  for (const auto* kind : kinds)
    if (std::ranges::none_of(outcomes, [&](const Outcome& outcome) {
          return std::ranges::find(outcome.kinds, kind->name) != outcome.kinds.end();
        }))
      missing.emplace_back(kind->name);
  return missing;
}

}  // namespace rocd::test
