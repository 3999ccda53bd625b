#include "soak/ledger.hpp"

#include <algorithm>

namespace rocd::test {
namespace {

constexpr double allowed_share = 0.05;
constexpr double allowed_count = 0.5;
// KiB: 8 MiB of events (EventBus::kept_bytes) and what the allocator wastes on them; 1,000 pages of
// SQLite's write-ahead log.
constexpr double brief_memory = 16 * 1024;
constexpr double brief_state = 6 * 1024;

double mean(const std::vector<Vitals>& samples, std::size_t from, std::size_t to,
            std::size_t vital) {
  double sum = 0;
  for (auto i = from; i < to; ++i) sum += samples[i][vital];
  return sum / static_cast<double>(to - from);
}

double allowed(std::size_t vital, double first, SoakRule rule) {
  const double share = allowed_share * first;
  if (vital_kinds[vital].counted)
    return first == 0 ? allowed_count : std::min(share, allowed_count);
  if (rule == SoakRule::full) return share;
  return vital == static_cast<std::size_t>(Vital::state) ? brief_state : brief_memory;
}

}  // namespace

std::vector<Ledger::Row> Ledger::rows(SoakRule rule) const {
  std::vector<Row> rows;
  const auto fifth = std::max<std::size_t>(samples_.size() / 5, 1);
  for (std::size_t i = 0; i < vital_kinds.size() && !samples_.empty(); ++i) {
    const double first = mean(samples_, 0, fifth, i);
    const double last = mean(samples_, samples_.size() - fifth, samples_.size(), i);
    rows.push_back({vital_kinds[i].name, first, last, last - first > allowed(i, first, rule)});
  }
  return rows;
}

}  // namespace rocd::test
