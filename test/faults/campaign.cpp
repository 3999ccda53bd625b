#include "faults/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/serialize.hpp>
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

bool contains_any(const std::string& text, const std::vector<std::string>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(),
                     [&](const auto& word) { return text.find(word) != std::string::npos; });
}

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

bool is_hit(const Way& way, const std::vector<Fault>& faults) {
  return std::any_of(faults.begin(), faults.end(), [&](const Fault& fault) {
    if (!fault.hits) return true;
    return std::any_of(fault.hits->begin(), fault.hits->end(), [&](const auto& name) {
      const auto suffix = way.streams.front().substr(way.streams.front().size() - 2);
      return name.find(suffix) != std::string::npos;  // "send-a", "rocd.microphone-a.feed"
    });
  });
}

// When two ways that no fault has touched fall silent at the same moment, the machine was busy.
void forgive(std::vector<bool>& heard, const std::vector<std::vector<bool>>& untouched) {
  for (std::size_t i = 0; i < heard.size(); ++i) {
    std::size_t silent = 0;
    for (const auto& other : untouched) {
      const auto begin = i == 0 ? 0 : i - 1;
      const auto end = std::min(i + 2, other.size());
      bool all = true;
      for (auto at = begin; at < end; ++at) all = all && other[at];
      silent += all ? 0 : 1;
    }
    if (silent >= 2) heard[i] = true;
  }
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

std::map<std::string, double> Campaign::positions() {
  std::map<std::string, double> now;
  for (const auto& way : house_.ways()) now[way.name] = house_.listener(way).position();
  return now;
}

std::vector<const FaultKind*> Campaign::choose() {
  const auto draw = [this] {
    if (deck_.empty()) {
      deck_ = kinds_;
      std::shuffle(deck_.begin(), deck_.end(), random_);
    }
    const auto* kind = deck_.back();
    deck_.pop_back();
    return kind;
  };
  std::vector<const FaultKind*> chosen{draw()};
  const bool two = std::bernoulli_distribution(0.4)(random_);
  if (two && !chosen[0]->alone && !deck_.empty() && !deck_.back()->alone) chosen.push_back(draw());
  return chosen;
}

Outcome Campaign::next() {
  Outcome outcome;
  auto& story = house_.story();
  story.read();
  const auto told_before = story.size();
  const auto logged_before = house_.rocd().log().size();
  std::vector<Fault> faults;
  double limit = 0;
  bool new_sound = false;
  bool new_story = false;
  for (const auto* kind : choose()) {
    outcome.kinds += (outcome.kinds.empty() ? "" : " + ") + std::string(kind->name);
    new_story |= kind->new_rocd;
    auto fault = kind->begin(house_, random_);
    outcome.what += (outcome.what.empty() ? "" : ", ") + fault.what;
    limit = std::max(limit, patience_ * std::chrono::duration<double>(fault.limit).count());
    new_sound |= fault.new_sound;
    faults.push_back(std::move(fault));
  }
  auto lasts = 0ms;
  for (const auto& fault : faults) lasts = std::max(lasts, fault.lasts);
  std::this_thread::sleep_for(lasts);  // it lasts so long: that is the fault
  for (const auto& fault : faults) fault.end();
  const auto end = Clock::now();
  auto since = positions();
  if (new_sound) house_.make_sound();
  const double sound_after = std::chrono::duration<double>(Clock::now() - end).count();

  if (!new_story)
    for (const auto& fault : faults) check_cause(fault, told_before, outcome);
  try {
    house_.rocd().wait_for_streams(house_.streams(), "running", grace);
  } catch (const std::exception& error) {
    outcome.problems.emplace_back(error.what());
  }
  if (new_sound) {
    for (auto& [name, position] : since) position = 0;
    outcome.recovery_seconds =
        sound_after + check_tones(since, limit - sound_after, faults, outcome);
  } else {
    outcome.recovery_seconds = check_tones(since, limit, faults, outcome);
  }
  check_inventory(outcome);
  check_order(outcome);
  if (!outcome.problems.empty()) {
    const auto log = house_.rocd().log();
    outcome.problems.push_back("log of rocd:\n" + log.substr(new_story ? 0 : logged_before));
  }
  return outcome;
}

void Campaign::check_cause(const Fault& fault, std::size_t told_before, Outcome& outcome) {
  if (fault.causes.empty()) return;
  const bool told = eventually(
      [&] {
        house_.story().read();
        return contains_any(house_.story().texts_since(told_before), fault.causes);
      },
      10s);
  if (!told)
    outcome.problems.push_back("nobody told of '" + fault.causes.front() + "', only of:\n" +
                               house_.story().texts_since(told_before));
}

// Seconds from `since` to the end of the last disturbance.
double Campaign::check_tones(const std::map<std::string, double>& since, double limit,
                             const std::vector<Fault>& faults, Outcome& outcome) {
  if (!eventually([&] { return house_.missing_tones().empty(); }, grace))
    outcome.problems.push_back(house_.missing_tones());
  std::map<std::string, std::vector<bool>> windows;
  std::vector<std::vector<bool>> untouched;
  for (const auto& way : house_.ways()) {
    const auto& listener = house_.listener(way);
    auto& heard = windows[way.name];
    heard = listener.windows(way.tone, since.at(way.name), listener.position());
    if (!is_hit(way, faults)) untouched.push_back(heard);
  }
  double last = 0;
  for (auto& [name, heard] : windows) {
    forgive(heard, untouched);
    const auto judged = end_of_silence(heard, judged_windows);
    last = std::max(last, end_of_silence(heard, reported_windows));
    if (judged <= limit) continue;
    std::string timeline;
    for (const bool window : heard) timeline += window ? '#' : '.';
    outcome.problems.push_back(fmt::format("{} is disturbed for {:.1f} s, longer than {:.1f} s: {}",
                                           name, judged, limit, timeline));
  }
  return last;
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
