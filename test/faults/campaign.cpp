#include "faults/campaign.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <stdexcept>

namespace rocd::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double window_seconds = 0.1;
// Silences that are shorter are made by a busy machine itself. What is reported is the end of the
// last one of 300 ms; what is judged, the end of the last one of 500 ms.
constexpr std::size_t reported_windows = 3;
constexpr std::size_t judged_windows = 5;
// Beyond the limit: time to see what does come back, and when.
constexpr Milliseconds grace = 25s;
constexpr std::size_t forgiven_windows = 10;  // of a fault
// Before what is played has ended; what is recorded does not grow for ever.
constexpr Milliseconds oldest_sound = 8min;

std::string difference(const std::map<std::string, int>& before,
                       const std::map<std::string, int>& now) {
  std::string text;
  for (const auto& [name, count] : before) {
    const auto found = now.find(name);
    const int left = found == now.end() ? 0 : found->second;
    if (left != count)
      text += name + ": " + std::to_string(count) + " -> " + std::to_string(left) + "; ";
  }
  for (const auto& [name, count] : now)
    if (!before.contains(name)) text += name + ": 0 -> " + std::to_string(count) + "; ";
  return text;
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

Campaign::Campaign(House& house, std::uint32_t seed, const std::string& only, double patient)
    : house_(house), patience_(patient), random_(seed) {
  for (const auto& kind : fault_kinds())
    if (std::string(kind.name).find(only) != std::string::npos) kinds_.push_back(&kind);
  if (kinds_.empty()) throw std::runtime_error("no kind of fault is called '" + only + "'");
}

void Campaign::begin() {
  house_.rocd().wait_for_streams(house_.streams());
  if (!eventually([&] { return house_.missing_tones().empty(); }))
    throw std::runtime_error("before any fault: " + house_.missing_tones() + "\n" +
                             house_.rocd().log());
  const auto settled = [this] {
    const auto before = std::exchange(inventory_, house_.inventory());
    return before == inventory_;
  };
  if (!eventually(settled, patience, 1s)) throw std::runtime_error("the house does not settle");
}

std::vector<const FaultKind*> Campaign::choose() {
  const auto fill = [this] {
    if (!deck_.empty()) return;
    deck_ = kinds_;
    std::shuffle(deck_.begin(), deck_.end(), random_);
  };
  fill();
  std::vector<const FaultKind*> chosen{deck_.back()};
  deck_.pop_back();
  if (chosen[0]->company == Company::none || !std::bernoulli_distribution(0.6)(random_))
    return chosen;
  const auto fits = [&](const FaultKind* kind) {
    return kind->company == Company::any ||
           (kind->company == Company::others && chosen[0]->company == Company::any);
  };
  const auto found = std::find_if(deck_.rbegin(), deck_.rend(), fits);
  if (found == deck_.rend()) return chosen;
  chosen.push_back(*found);
  deck_.erase(std::next(found).base());
  // What lasts comes first: the other happens meanwhile.
  if (chosen[1]->company == Company::others) std::swap(chosen[0], chosen[1]);
  return chosen;
}

// Begins and ends them, each after its time.
Campaign::Happening Campaign::make_happen(const std::vector<const FaultKind*>& kinds,
                                          Outcome& outcome) {
  Happening happening;
  std::vector<std::pair<SteadyTime, std::size_t>> ends;
  for (const auto* kind : kinds) {
    outcome.kinds += (outcome.kinds.empty() ? "" : " + ") + std::string(kind->name);
    happening.new_story |= kind->new_rocd;
  }
  for (const auto* kind : kinds) {
    attempt(outcome, [&] { happening.faults.push_back(kind->begin(house_, random_)); });
    if (happening.faults.empty() || !outcome.problems.empty()) {
      happening.whole = false;
      break;
    }
    const auto& fault = happening.faults.back();
    outcome.what += (outcome.what.empty() ? "" : ", ") + fault.what;
    happening.new_sound |= fault.new_sound;
    happening.limit =
        std::max(happening.limit, patience_ * std::chrono::duration<double>(fault.limit).count());
    happening.since = std::max(happening.since, fault.at);
    if (fault.end) ends.emplace_back(Clock::now() + fault.lasts, happening.faults.size() - 1);
    if (kinds.size() > 1 && kind == kinds[0] && fault.lasts > 0ms)
      std::this_thread::sleep_for(between(0ms, std::min(fault.lasts / 2, 1000ms), random_));
  }
  std::sort(ends.begin(), ends.end());
  for (const auto& [due, index] : ends) {
    std::this_thread::sleep_until(due);  // it lasts so long: that is the fault
    // Healing begins now, also while a daemon is started that is needed for it.
    happening.since = std::max(happening.since, Clock::now());
    attempt(outcome, happening.faults[index].end);
  }
  return happening;
}

Outcome Campaign::next() {
  Outcome outcome;
  std::size_t logged_before = 0;
  Happening happening;
  attempt(outcome, [&] {
    if (house_.sound_age() > oldest_sound) renew_sound();
    house_.story().read();
    told_before_ = house_.story().size();
    logged_before = house_.rocd().log().size();
    find_uris();
    happening = make_happen(choose(), outcome);
    if (!happening.whole) return;
    if (happening.new_sound) house_.make_sound();
    judge(happening, outcome);
  });
  if (outcome.problems.empty()) return outcome;
  attempt(outcome, [&] {
    const auto log = house_.rocd().log();
    outcome.problems.push_back("log of rocd:\n" +
                               log.substr(happening.new_story ? 0 : logged_before));
  });
  // The next fault is not to blame for this one.
  broken_ = !attempt(outcome, [&] {
    if (!house_.rocd().process().running() || !happening.whole ||
        !house_.ended_programs().empty() || !house_.missing_tones().empty())
      house_.put_in_order();
  });
  return outcome;
}

void Campaign::judge(const Happening& happening, Outcome& outcome) {
  const auto is_gone = [&] {
    const auto end = house_.rocd().process().wait(0ms);
    if (end) outcome.problems.push_back("rocd has ended: " + *end);
    return end.has_value();
  };
  if (is_gone()) return;
  if (!happening.new_story)
    for (auto fault = happening.faults.begin(); fault != happening.faults.end(); ++fault)
      for (const auto& cause : fault->causes) {
        // A child that spins and is killed at once was never seen to spin.
        const bool is_overtaken =
            std::any_of(std::next(fault), happening.faults.end(), [&](const Fault& later) {
              return std::ranges::any_of(later.causes, [&](const Cause& other) {
                return !cause.streams.empty() && other.streams == cause.streams;
              });
            });
        if (!is_overtaken) attempt(outcome, [&] { check_cause(cause, outcome); });
      }
  attempt(outcome, [&] { house_.rocd().wait_for_streams(house_.streams(), "running", grace); });
  if (is_gone()) return;
  attempt(outcome, [&] { check_tones(happening, outcome); });
  attempt(outcome, [&] { check_inventory(outcome); });
  attempt(outcome, [&] { check_order(outcome); });
}

bool Campaign::attempt(Outcome& outcome, const std::function<void()>& what) {
  try {
    what();
    return true;
  } catch (const std::exception& error) {
    outcome.problems.emplace_back(error.what());
    return false;
  }
}

void Campaign::renew_sound() {
  house_.make_sound();
  if (!eventually([&] { return house_.missing_tones().empty(); }))
    throw std::runtime_error("before the fault: " + house_.missing_tones());
}

void Campaign::find_uris() {
  uris_.clear();
  const auto listed = house_.rocd().http().get("/streams");
  for (const auto& stream : listed.as_array())
    uris_[std::string(stream.at("display_name").as_string())] =
        std::string(stream.at("stream_uri").as_string());
}

void Campaign::check_cause(const Cause& cause, Outcome& outcome) {
  std::set<std::string> uris;
  std::string names;
  for (const auto& stream : cause.streams) {
    uris.insert(uris_.at(stream));
    names += (names.empty() ? "" : " or ") + stream;
  }
  if (uris.empty()) uris.insert("/system");
  const auto told = [&] {
    house_.story().read();
    return house_.story().tells(told_before_, cause.words, uris, cause.health);
  };
  if (eventually(told, 10s)) return;
  outcome.problems.push_back(
      fmt::format("{} {} does not tell '{}', only:\n{}", cause.health ? "health of" : "story of",
                  names.empty() ? "rocd" : names, fmt::join(cause.words, "' or '"),
                  house_.story().texts_since(told_before_, uris)));
}

// From happening.since to the end of the last disturbance.
void Campaign::check_tones(const Happening& happening, Outcome& outcome) {
  std::string missing;
  if (!eventually([&] { return (missing = house_.missing_tones()).empty(); }, grace))
    outcome.problems.push_back(missing);
  const auto ended = house_.ended_programs();
  if (!ended.empty()) outcome.problems.push_back(ended);
  const auto& control = house_.control();
  const auto control_heard = house_.ear(control).heard(control.tone, happening.since);
  // Its own gap is rocd's fault's, where PipeWire or everything that sounds was started again.
  const auto forgivable = happening.new_sound ? std::vector<bool>(control_heard.size())
                                              : machine_silences(control_heard);
  std::set<std::size_t> forgiven;
  for (const auto& way : house_.ways()) {
    auto heard = house_.ear(way).heard(way.tone, happening.since);
    const auto as_it_was = timeline(heard);
    for (std::size_t i = 0; i < std::min(heard.size(), forgivable.size()); ++i) {
      if (!forgivable[i] || heard[i]) continue;
      heard[i] = true;
      forgiven.insert(i);
    }
    const auto judged = end_of_silence(heard, judged_windows);
    if (const auto back = end_of_silence(heard, reported_windows);
        back > outcome.recovery_seconds) {
      outcome.recovery_seconds = back;
      outcome.slowest = way.name + " " + as_it_was;
    }
    if (judged <= happening.limit) continue;
    outcome.problems.push_back(
        fmt::format("{} is disturbed for {:.1f} s, longer than {:.1f} s: {}\n  without rocd: {}",
                    way.name, judged, happening.limit, as_it_was, timeline(control_heard)));
  }
  outcome.forgiven_seconds = static_cast<double>(forgiven.size()) * window_seconds;
}

void Campaign::check_inventory(Outcome& outcome) {
  std::string left;
  const auto same = [&] {
    left = difference(inventory_, house_.inventory());
    return left.empty();
  };
  if (!eventually(same, 10s, 200ms)) outcome.problems.push_back("left behind, or missing: " + left);
}

void Campaign::check_order(Outcome& outcome) {
  auto& story = house_.story();
  const auto agrees = [&] {
    story.read();
    for (const auto& stream : house_.streams()) {
      const auto found = house_.rocd().stream(stream);
      if (story.state_of(std::string(found.at("stream_uri").as_string())) !=
          found.at("status").at("state").as_string())
        return false;
    }
    return true;
  };
  if (!eventually(agrees, 5s)) outcome.problems.emplace_back("events and GET /streams disagree");
  for (auto& contradiction : story.take_contradictions())
    outcome.problems.push_back(std::move(contradiction));
}

}  // namespace rocd::test
