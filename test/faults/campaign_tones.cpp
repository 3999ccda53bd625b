// What the campaign hears: how long ways that are hit are silent, and that the others are not.
#include <fmt/format.h>

#include <algorithm>

#include "faults/campaign.hpp"

namespace rocd::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double window_seconds = 0.1;
// Silences that are shorter are made by a busy machine itself: 300 ms of a way that was hit; 500 ms
// of one that was not, and as long as its tools and the Pulse server had no processor, but might
// have gone on. They have no priority, as the daemons of PipeWire have it, nor the way without
// rocd.
constexpr std::size_t hit_windows = 3;
constexpr double bystander_seconds = 0.5;
constexpr double longest_excuse = 0.5;
// What is played is on its way for so long, and a recording may be behind.
constexpr Milliseconds right_before = 500ms;
constexpr std::size_t forgiven_windows = 10;  // of a fault
// Where all links have to be made anew nothing is heard before the session manager is at it, which
// the way without rocd tells; the others come in any order.
constexpr double after_control = 1;
constexpr double longest_linking = 10;
// All tones at once, without a break, are there as much later than the last of them at most.
constexpr std::chrono::duration<double> longest_unrest{5};

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

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

// First windows, and how many.
std::vector<std::pair<std::size_t, std::size_t>> silences(const std::vector<bool>& heard) {
  std::vector<std::pair<std::size_t, std::size_t>> found;
  for (std::size_t i = 0; i < heard.size(); ++i) {
    if (heard[i]) continue;
    if (i == 0 || heard[i - 1]) found.emplace_back(i, 0);
    ++found.back().second;
  }
  return found;
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

// Of the faults that hit it, the last; where everything that sounds was started again, of all.
Campaign::Term Campaign::term_of(const Way& way, const Happening& happening) const {
  Term term{.hit = false, .since = happening.begin, .limit = 0};
  for (const auto& happened : happening.faults) {
    const auto& fault = happened.fault;
    if (!happening.new_sound && !fault.reach.ways.contains(way.name)) continue;
    term.since = term.hit ? std::max(term.since, happened.since) : happened.since;
    term.limit = std::max(term.limit, patience_ * seconds(fault.limit));
    term.forgives &= !happening.new_sound && !fault.hits_control;
    term.new_links |= fault.new_links;
    term.hit = true;
  }
  return term;
}

Campaign::Hearing Campaign::hear(const Way& way, Span span, bool forgives,
                                 Controls& controls) const {
  Hearing hearing{.heard = heard_in(way, span), .line = {}, .control = {}};
  hearing.line = timeline(hearing.heard);
  auto known = controls.find(span.since);
  if (known == controls.end())
    known = controls.emplace(span.since, heard_in(house_.control(), span)).first;
  const auto& control = known->second;
  hearing.control = timeline(control);
  hearing.control_back = end_of_silence(control, hit_windows);
  if (!forgives) return hearing;
  const auto forgivable = machine_silences(control);
  for (std::size_t i = 0; i < std::min(hearing.heard.size(), forgivable.size()); ++i) {
    if (!forgivable[i] || hearing.heard[i]) continue;
    hearing.heard[i] = true;
    hearing.forgiven_seconds += window_seconds;
  }
  return hearing;
}

// Of a way that is hit, from where it is to heal to the end of the last disturbance. The others are
// not to be disturbed, from the begin on.
SteadyTime Campaign::check_way(const Way& way, const Happening& happening, SteadyTime until,
                               Controls& controls, Outcome& outcome) {
  auto term = term_of(way, happening);
  const auto hearing = hear(way, {term.since, until}, term.forgives, controls);
  const auto limit_by_itself = term.limit;
  if (term.new_links)
    term.limit = std::max(
        term.limit, std::min(hearing.control_back + after_control, patience_ * longest_linking));
  outcome.forgiven_seconds = std::max(outcome.forgiven_seconds, hearing.forgiven_seconds);
  const std::chrono::duration<double> limit(term.limit);
  const auto due = term.since + std::chrono::duration_cast<Clock::duration>(limit);
  if (!term.hit) {
    check_bystander(way, happening.begin, *happening.waits, hearing, "and was not hit", outcome);
    return due;
  }
  const auto back = end_of_silence(hearing.heard, hit_windows);
  outcome.slow_linking |= back > limit_by_itself && back <= term.limit;
  if (back > term.limit)
    outcome.problems.push_back(
        fmt::format("{} is disturbed for {:.1f} s, longer than {:.1f} s: {}\n  without rocd: {}",
                    way.name, back, term.limit, hearing.line, hearing.control));
  if (back > outcome.recovery_seconds) {
    outcome.recovery_seconds = back;
    outcome.slowest = way.name + " " + hearing.line;
  }
  return due;
}

// It may be silent for as long as it had no processor meanwhile, or right before.
void Campaign::check_bystander(const Way& way, SteadyTime since, const ProcessorWaits& waits,
                               const Hearing& hearing, const std::string& what,
                               Outcome& outcome) const {
  const auto time_of = [&](std::size_t window) {
    const std::chrono::duration<double> after(static_cast<double>(window) * window_seconds);
    return since + std::chrono::duration_cast<Clock::duration>(after);
  };
  for (const auto& [first, windows] : silences(hearing.heard)) {
    const double silent = static_cast<double>(windows) * window_seconds;
    outcome.bystander_seconds = std::max(outcome.bystander_seconds, silent);
    if (silent < bystander_seconds * patience_) continue;
    const auto begin = time_of(first) - right_before;
    const auto end = time_of(first + windows);
    double tools = 0;
    for (const auto& stream : way.streams) tools += waits.waited(stream, begin, end);
    const double server = waits.waited(pulse, begin, end);
    if (silent <
        bystander_seconds * patience_ + std::min(tools + server, longest_excuse * patience_)) {
      outcome.excused_seconds = std::max(outcome.excused_seconds, silent);
      continue;
    }
    outcome.problems.push_back(fmt::format(
        "{} is silent for {:.1f} s, {:.1f} s after the begin, {}; its tools waited {:.2f} s for a "
        "processor then, the Pulse server {:.2f} s: {}\n  without rocd: {}",
        way.name, silent, static_cast<double>(first) * window_seconds, what, tools, server,
        hearing.line, hearing.control));
  }
}

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
  Controls controls;
  auto healing = happening.begin;
  for (const auto& happened : happening.faults) healing = std::max(healing, happened.since);
  auto due = healing;
  for (const auto& way : house_.ways())
    due = std::max(due, check_way(way, happening, until, controls, outcome));
  due += std::chrono::duration_cast<Clock::duration>(longest_unrest * patience_);
  if (missing.empty()) {
    outcome.whole_seconds = std::max(0.0, seconds(until - healing));
    begin_peace(until);
  }
  if (missing.empty() && until > due)
    outcome.problems.push_back(
        fmt::format("all tones at once are there {:.1f} s too late", seconds(until - due)));
}

// What is played to one device is heard from no other, at no time; and nothing that nobody played.
// When PipeWire has stood still it may play what was in its memory for a moment (docs/facts.md).
void Campaign::check_strangers(const Happening& happening, Outcome& outcome) {
  const bool stood_still = std::ranges::any_of(
      happening.faults, [](const auto& happened) { return happened.fault.hits_control; });
  for (const auto& way : house_.ways()) {
    std::vector<Tone> others;
    for (const auto& other : house_.ways())
      if (&other != &way) others.push_back(other.tone);
    const auto& ear = house_.ear(way);
    if (const auto heard = ear.trace_of(others, happening.begin))
      outcome.problems.push_back(fmt::format(
          "by way of {} a tone of another way was heard, {:.2f} s after the begin: {} Hz with "
          "{:.1f} dBFS, {} Hz with {:.1f}",
          way.name, heard->seconds, heard->tone.left, heard->dbfs[0], heard->tone.right,
          heard->dbfs[1]));
    const auto noise = ear.noise(happening.begin);
    if (!noise) continue;
    const auto text = fmt::format(
        "by way of {} there was noise of {:.0f} dBFS for {:.4f} s, recorded {:.2f} s "
        "after the begin",
        way.name, noise->peak_dbfs, noise->lasts, noise->seconds);
    if (stood_still)
      outcome.noise = text;
    else
      outcome.problems.push_back(text);
  }
}

}  // namespace rocd::test
