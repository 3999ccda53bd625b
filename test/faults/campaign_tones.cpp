// What the campaign hears: how long ways that are hit are silent, and that the others are not.
#include <fmt/format.h>

#include <algorithm>

#include "faults/campaign.hpp"

namespace rocd::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double window_seconds = 0.1;
// Silences that are shorter are made by a busy machine itself. What is reported is the end of the
// last one of 300 ms; what is judged, the end of the last one of 500 ms.
constexpr std::size_t reported_windows = 3;
constexpr std::size_t judged_windows = 5;
constexpr std::size_t forgiven_windows = 10;  // of a fault

// Windows in which the machine did not even carry the tone that takes no way of rocd's, and the
// ones beside them; not more of them than a second in all.
std::vector<bool> machine_silences(const std::vector<bool>& control) {
  std::vector<bool> silences(control.size());
  std::size_t left = forgiven_windows;
  for (std::size_t i = 0; i < control.size() && left > 0; ++i) {
    const auto begin = i == 0 ? 0 : i - 1;
    const auto end = std::min(i + 2, control.size());
    const bool busy = std::any_of(control.begin() + static_cast<std::ptrdiff_t>(begin),
                                  control.begin() + static_cast<std::ptrdiff_t>(end),
                                  [](bool heard) { return !heard; });
    if (!busy) continue;
    silences[i] = true;
    --left;
  }
  return silences;
}

// Seconds until the end of the last silence of so many windows.
double end_of_silence(const std::vector<bool>& heard, std::size_t least) {
  std::size_t in_a_row = 0;
  std::size_t end = 0;
  for (std::size_t i = 0; i < heard.size(); ++i) {
    in_a_row = heard[i] ? 0 : in_a_row + 1;
    if (in_a_row >= least) end = i + 1;
  }
  return static_cast<double>(end) * window_seconds;
}

}  // namespace

std::vector<bool> Campaign::heard_in(const Way& way, Span span) const {
  auto heard = house_.ear(way).heard(way.tone, span.since);
  const auto windows =
      std::chrono::duration<double>(span.until - span.since).count() / window_seconds;
  if (windows < static_cast<double>(heard.size()))
    heard.resize(windows < 0 ? 0 : static_cast<std::size_t>(windows));
  return heard;
}

Campaign::Hearing Campaign::hear_control(Span span, bool forgives) const {
  Hearing hearing{.span = span, .control = {}, .forgivable = {}, .forgiven = {}};
  hearing.control = heard_in(house_.control(), span);
  if (forgives) hearing.forgivable = machine_silences(hearing.control);
  return hearing;
}

// line: as it was, with what is forgiven.
std::vector<bool> Campaign::hear(const Way& way, Hearing& hearing, std::string& line) const {
  auto heard = heard_in(way, hearing.span);
  line = timeline(heard);
  for (std::size_t i = 0; i < std::min(heard.size(), hearing.forgivable.size()); ++i) {
    if (!hearing.forgivable[i] || heard[i]) continue;
    heard[i] = true;
    hearing.forgiven.insert(i);
  }
  return heard;
}

// For a processor, since the begin.
double Campaign::waited(const Happening& happening, const Way& way) const {
  double seconds = 0;
  const auto now = house_.children();
  for (const auto& stream : way.streams)
    if (now.contains(stream))
      seconds += waited_for_processor(now.at(stream).pid) - happening.waited.at(stream);
  return seconds;
}

double Campaign::waited_by_pulse(const Happening& happening) const {
  return waited_for_processor(house_.session.pid(pulse)) - happening.waited.at(pulse);
}

// Of ways that are hit, from happening.since to the end of the last disturbance. The others are not
// to be disturbed, from the begin on.
void Campaign::check_tones(const Happening& happening, Outcome& outcome) {
  std::string missing;
  auto until =
      SteadyTime::max();  // from there on all tones were there, and nothing is to be judged
  const auto all_there = [&] {
    const auto asked = Clock::now();
    missing = house_.missing_tones();
    if (missing.empty()) until = asked;
    return missing.empty();
  };
  if (!eventually(all_there, grace)) outcome.problems.push_back(missing);
  const auto ended = house_.ended_programs();
  if (!ended.empty()) outcome.problems.push_back(ended);
  // Its own gap is rocd's fault's, where PipeWire or everything that sounds was started again.
  auto afterwards = hear_control({happening.since, until}, !happening.new_sound);
  auto always = hear_control({happening.begin, until}, true);
  const auto fault_windows = static_cast<std::ptrdiff_t>(
      std::chrono::duration<double>(happening.since - happening.begin).count() / window_seconds);
  for (const auto& way : house_.ways()) {
    const bool is_hit = happening.new_sound || happening.reach.ways.contains(way.name);
    auto& hearing = is_hit ? afterwards : always;
    std::string line;
    auto heard = hear(way, hearing, line);
    const auto least = is_hit ? 1.0 : patience_;
    const auto judged = end_of_silence(
        heard, static_cast<std::size_t>(static_cast<double>(judged_windows) * least));
    if (judged > (is_hit ? happening.limit : 0))
      outcome.problems.push_back(fmt::format(
          "{} is disturbed {}: {}\n  without rocd: {}", way.name,
          is_hit ? fmt::format("for {:.1f} s, longer than {:.1f} s", judged, happening.limit)
                 : fmt::format("until {:.1f} s after the begin, and was not hit; since then its "
                               "tools waited {:.1f} s for a processor, the Pulse server {:.1f} s",
                               judged, waited(happening, way), waited_by_pulse(happening)),
          line, timeline(hearing.control)));
    if (!is_hit)
      heard.erase(
          heard.begin(),
          heard.begin() + std::min(fault_windows, static_cast<std::ptrdiff_t>(heard.size())));
    if (const auto back = end_of_silence(heard, reported_windows);
        back > outcome.recovery_seconds) {
      outcome.recovery_seconds = back;
      outcome.slowest = way.name + " " + line;
    }
  }
  outcome.forgiven_seconds =
      static_cast<double>(std::max(afterwards.forgiven.size(), always.forgiven.size())) *
      window_seconds;
}

}  // namespace rocd::test
