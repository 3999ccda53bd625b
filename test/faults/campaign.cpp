#include "faults/campaign.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/algorithm/string/classification.hpp>
#include <boost/algorithm/string/split.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>
#include <tuple>

namespace rocd::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double company_share = 0.5;  // of faults that may have company
constexpr Milliseconds told_within = 2s;
// From the begin of what happens to the begin of another thing that happens, too.
constexpr Milliseconds longest_distance = 1s;
// From where all is well to the begin of the next: at any moment of what goes on every so often.
constexpr Milliseconds longest_peace = 500ms;
// Before what is played has ended; what is recorded does not grow for ever.
constexpr Milliseconds oldest_sound = 8min;
// After so many faults all streams have to be healthy again, in a while without any: they tell of
// what was lost in the last 10 s, and good news waits 3 s. (That a receiver reports again takes
// longer.) One that health tells of comes next: it cannot be the health of the fault before.
constexpr unsigned faults_to_recovery = 10;
constexpr Milliseconds recovered_within = 30s;
// Of a stream that was enabled or restarted, or whose rocd was, no bad news is told (BCP-008-01).
constexpr Milliseconds quiet = 3s;

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

// A child that spins and is killed at once was never seen to spin. And a health has one cause, of
// two that last.
template <class Happened>
bool is_overtaken(const Cause& cause, const Fault& fault, const std::vector<Happened>& all) {
  bool later = false;
  for (const auto& happened : all) {
    const auto& other = happened.fault;
    if (&other == &fault) {
      later = true;
      continue;
    }
    const bool matters = later || (cause.health && other.end);
    if (matters && std::ranges::any_of(cause.streams, [&](const auto& stream) {
          return other.reach.children.contains(stream);
        }))
      return true;
  }
  return false;
}

// All that the cause is about, until this fault, which alone has hit it.
template <class Happened>
bool was_healthy(const Cause& cause, const Happened& happened, const std::vector<Happened>& all,
                 const House& house) {
  return std::ranges::all_of(cause.streams, [&](const auto& stream) {
    const auto& way = house.way_of(stream).name;
    return happened.healthy_before.contains(stream) &&
           std::ranges::none_of(all, [&](const auto& other) {
             return &other != &happened &&
                    (other.fault.reach.ways.contains(way) || other.fault.breaks_reports);
           });
  });
}

}  // namespace

Campaign::Campaign(House& house, std::uint32_t seed, const std::string& only, double patient)
    : house_(house), patience_(patient), seed_(seed) {
  std::vector<std::string> texts;
  boost::algorithm::split(texts, only, boost::algorithm::is_any_of(","));
  for (const auto& kind : fault_kinds())
    if (std::ranges::any_of(texts, [&](const auto& text) {
          return std::string(kind.name).find(text) != std::string::npos;
        }))
      kinds_.push_back(&kind);
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
  auto first = deck_.rbegin();
  const bool healthy = turn_ > 1 && (turn_ - 1) % faults_to_recovery == 0;
  if (healthy)
    first = std::find_if(first, deck_.rend(), [](const auto* kind) { return kind->in_health; });
  if (first == deck_.rend()) first = deck_.rbegin();
  std::vector<const FaultKind*> chosen{*first};
  deck_.erase(std::next(first).base());
  if (healthy) return chosen;
  if (chosen[0]->company == Company::none || !std::bernoulli_distribution(company_share)(random_))
    return chosen;
  const auto fits = [&](const FaultKind* kind) { return may_meet(*kind, *chosen[0]); };
  const auto found = std::find_if(deck_.rbegin(), deck_.rend(), fits);
  if (found == deck_.rend()) return chosen;
  chosen.push_back(*found);
  deck_.erase(std::next(found).base());
  // What lasts comes first: the other happens meanwhile.
  if (chosen[1]->company == Company::others || chosen[0]->company == Company::last)
    std::swap(chosen[0], chosen[1]);
  return chosen;
}

// Begins and ends them, each after its time.
void Campaign::make_happen(const std::vector<const FaultKind*>& kinds, Happening& happening,
                           Outcome& outcome) {
  happening.children = house_.children();
  happening.waits = watch_waits(happening.children);
  happening.begin = Clock::now();
  // Who ends another fault may have to ask rocd.
  std::vector<std::tuple<bool, SteadyTime, std::size_t>> ends;
  for (const auto* kind : kinds) {
    outcome.kinds.emplace_back(kind->name);
    happening.whole = attempt(outcome, [&] { begin_one(*kind, happening, outcome); });
    if (!happening.whole) break;
    happening.new_story |= kind->new_rocd;
    const auto& fault = happening.faults.back().fault;
    // The other one has taken what it hits: there is no pair.
    if (!fault.found) outcome.kinds.pop_back();
    if (!fault.found && kinds.size() == 1)
      outcome.problems.push_back("nothing could be hit: " + fault.what);
    if (fault.end)
      ends.emplace_back(!fault.unreachable, Clock::now() + fault.lasts,
                        happening.faults.size() - 1);
    if (kind != kinds.back())
      std::this_thread::sleep_for(
          between(0ms, fault.end ? std::min(fault.lasts / 2, longest_distance) : longest_distance,
                  random_));
  }
  if (happening.whole && outcome.kinds.empty())
    outcome.problems.emplace_back("neither of the two could be hit");
  house_.spare(happening.reach.children);
  std::sort(ends.begin(), ends.end());
  for (const auto& [reachable, due, index] : ends) {
    std::this_thread::sleep_until(due);  // it lasts so long: that is the fault
    end_one(happening.faults[index], happening, outcome);
  }
}

std::unique_ptr<ProcessorWaits> Campaign::watch_waits(
    const std::map<std::string, Child>& children) const {
  std::map<std::string, int> pids{{pulse, house_.session.pid(pulse)}};
  for (const auto& [stream, child] : children) pids[stream] = child.pid;
  return std::make_unique<ProcessorWaits>(std::move(pids));
}

void Campaign::begin_one(const FaultKind& kind, Happening& happening, Outcome& outcome) {
  house_.spare(happening.reach.children);
  house_.story().read();
  const auto told_before = house_.story().size();
  std::set<std::string> healthy;
  for (const auto& [stream, uri] : uris_)
    if (house_.story().health_of(uri) == "healthy" && house_.story().active_for(uri) > quiet)
      healthy.insert(stream);
  auto fault = kind.begin(house_, random_);
  outcome.what += (outcome.what.empty() ? "" : ", ") + fault.what;
  happening.reach.add(fault.reach);
  happening.new_sound |= fault.new_sound;
  const auto at = fault.at;
  outcome.limits[kind.name] = std::chrono::duration<double>(fault.limit).count();
  happening.faults.push_back({kind.name, std::move(fault), at, told_before, std::move(healthy)});
}

void Campaign::end_one(Happened& happened, const Happening& happening, Outcome& outcome) {
  const auto& fault = happened.fault;
  const auto check_healths = [&] {
    for (const auto& cause : fault.causes)
      if (cause.health && !is_overtaken(cause, fault, happening.faults))
        attempt(outcome, [&] { check_health(cause, happened, happening, outcome); });
  };
  if (!fault.unreachable) check_healths();
  // Healing begins now, also while a daemon is started that is needed for it.
  happened.since = Clock::now();
  attempt(outcome, fault.end);
  if (fault.unreachable) check_healths();
}

Outcome Campaign::next() {
  Outcome outcome;
  std::size_t logged_before = 0;
  Happening happening;
  // Of its own for each: what one fault finds does not change the next.
  std::seed_seq seeds{seed_, ++turn_};
  random_.seed(seeds);
  attempt(outcome, [&] {
    if (house_.sound_age() > oldest_sound) renew_sound();
    house_.story().read();
    told_before_ = house_.story().size();
    logged_before = house_.rocd().log().size();
    find_uris();
    make_happen(choose(), happening, outcome);
    if (!happening.whole) return;
    if (happening.new_sound) {
      attempt(outcome, [&] { check_strangers(happening, outcome); });  // those ears go
      house_.make_sound();
    }
    judge(happening, outcome);
    std::this_thread::sleep_for(between(0ms, longest_peace, random_));
    attempt(outcome, [&] { check_peace(outcome); });
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
  attempt(outcome, [&] { house_.rocd().wait_for_streams(house_.streams(), "running", grace); });
  if (is_gone()) return;
  attempt(outcome, [&] { house_.follow_ports(); });
  attempt(outcome, [&] { check_tones(happening, outcome); });
  attempt(outcome, [&] { check_strangers(happening, outcome); });
  attempt(outcome, [&] { check_causes(happening, outcome); });
  attempt(outcome, [&] { check_bystanders(happening, outcome); });
  attempt(outcome, [&] { check_pauses(happening, outcome); });
  for (const auto& happened : happening.faults)
    if (happened.fault.check) attempt(outcome, happened.fault.check);
  attempt(outcome, [&] { check_inventory(outcome); });
  attempt(outcome, [&] { check_order(outcome); });
  if (turn_ % faults_to_recovery == 0) attempt(outcome, [&] { check_recovered(outcome); });
}

void Campaign::begin_peace(SteadyTime since) {
  auto children = house_.children();
  auto waits = watch_waits(children);
  peace_ = Peace{since, std::move(children), std::move(waits)};
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

void Campaign::check_causes(const Happening& happening, Outcome& outcome) {
  if (happening.new_story) return;
  for (const auto& happened : happening.faults)
    for (const auto& cause : happened.fault.causes)
      if (!cause.health && !is_overtaken(cause, happened.fault, happening.faults))
        attempt(outcome, [&] { check_cause(cause, happened, happening, outcome); });
}

void Campaign::check_pauses(const Happening& happening, Outcome& outcome) {
  // It is played to all the time; only when everything begins anew nobody plays yet.
  if (happening.new_sound) return;
  for (const auto& way : house_.ways()) {
    const auto& sender = way.streams.front();
    if (way.pauses && house_.story().tells_state(told_before_, uris_.at(sender), "paused"))
      outcome.problems.push_back(sender + " has paused while it was played to");
  }
}

void Campaign::check_cause(const Cause& cause, const Happened& happened, const Happening& happening,
                           Outcome& outcome) {
  const auto told_before = happened.told_before;
  if (cause.unless_child != 0 &&
      house_.children().at(cause.streams.front()).pid == cause.unless_child)
    return;
  std::set<std::string> uris;
  for (const auto& stream : cause.streams) uris.insert(uris_.at(stream));
  if (uris.empty()) uris.insert("/system");
  auto& story = house_.story();
  std::string fault;
  const auto told = [&] {
    story.read();
    fault = story.fault_of_telling(told_before, cause.words, uris);
    return fault.empty();
  };
  if (eventually(told, 10s)) {
    outcome.told[happened.kind].by_event = true;
    const bool in_health = !cause.streams.empty() && !cause.in_states_only &&
                           was_healthy(cause, happened, happening.faults, house_);
    if (!in_health) return;
    const bool health_told = eventually(
        [&] {
          story.read();
          return story.tells_health(told_before, cause.words, uris);
        },
        10s);
    outcome.told[happened.kind].by_health |= health_told;
    if (!health_told)
      outcome.problems.push_back(fmt::format(
          "health of {} was never said to be '{}':\n{}", fmt::join(cause.streams, " or "),
          fmt::join(cause.words, "' or '"), story.texts_since(told_before, uris)));
    return;
  }
  outcome.problems.push_back(
      fmt::format("story of {}: {}: '{}', but:\n{}",
                  cause.streams.empty() ? "rocd" : fmt::to_string(fmt::join(cause.streams, " or ")),
                  fault, fmt::join(cause.words, "' or '"), story.texts_since(told_before, uris)));
}

// As it is now. What was healthy before cannot show the cause of an earlier fault, and an event has
// to say that it no longer is: not why, for another cause may come first (until a receiver knows
// that its sender is gone, packets are lost), and then words are told seldom.
void Campaign::check_health(const Cause& cause, const Happened& happened,
                            const Happening& happening, Outcome& outcome) {
  std::string healths;
  const auto shown = [&] {
    healths.clear();
    for (const auto& stream : cause.streams) {
      const auto status = house_.rocd().stream(stream).at("status");
      const auto text = boost::json::serialize(status.at("health"));
      healths += stream + ": " + text + "\n";
      const auto* hint = status.at("health").as_object().if_contains("hint");
      for (const auto& word : cause.words) {
        // Of a tool that has ended by itself nobody knows more than its log.
        const bool has_hint = hint != nullptr && (hint->as_string() != "see the stream's log" ||
                                                  word.starts_with("exit status"));
        if (has_hint && text.find(word) != std::string::npos) return true;
      }
    }
    return false;
  };
  const auto limit = std::chrono::duration_cast<Milliseconds>(told_within * patience_);
  if (eventually(shown, limit)) {
    if (!was_healthy(cause, happened, happening.faults, house_)) return;
    std::set<std::string> uris;
    for (const auto& stream : cause.streams) uris.insert(uris_.at(stream));
    const auto told = [&] {
      house_.story().read();
      return house_.story().tells_health(happened.told_before, {""}, uris);
    };
    const bool newly = eventually(told, limit);
    outcome.told[happened.kind].by_health |= newly;
    if (!newly)
      outcome.problems.push_back(fmt::format("no event says that {} is no longer healthy",
                                             fmt::join(cause.streams, " or ")));
    return;
  }
  outcome.problems.push_back(fmt::format("when it ends no health shows '{}' and a hint, only:\n{}",
                                         fmt::join(cause.words, "' or '"), healths));
}

// The last words of its former child.
std::string Campaign::last_words(const std::string& stream) const {
  constexpr std::size_t most = 12;
  const auto status = house_.rocd().stream(stream).at("status");
  const auto* exit = status.at("last_exit").if_object();
  if (exit == nullptr) return "";
  const auto& lines = exit->at("log").as_array();
  std::string words;
  for (std::size_t i = lines.size() - std::min(lines.size(), most); i < lines.size(); ++i)
    words += "  " + boost::json::serialize(lines[i]) + "\n";
  return words;
}

void Campaign::check_bystanders(const Happening& happening, Outcome& outcome) {
  for (const auto& [stream, now] : house_.children()) {
    const auto& before = happening.children.at(stream);
    if (now == before || happening.reach.children.contains(stream)) continue;
    outcome.problems.push_back(fmt::format(
        "{} has another child ({}, {} restarts) than before ({}, {}), and was not hit:\n{}", stream,
        now.pid, now.restarts, before.pid, before.restarts,
        house_.story().texts_since(told_before_, {uris_.at(stream)}) + last_words(stream)));
  }
}

// Who heals late, or again, does it here.
void Campaign::check_peace(Outcome& outcome) {
  if (!peace_) return;
  const auto peace = std::move(*peace_);
  peace_.reset();
  for (const auto& [stream, now] : house_.children()) {
    const auto& before = peace.children.at(stream);
    if (now == before) continue;
    outcome.problems.push_back(fmt::format(
        "when all was well {} got another child ({}, {} restarts) than it had ({}, {}):\n{}",
        stream, now.pid, now.restarts, before.pid, before.restarts,
        house_.story().texts_since(told_before_, {uris_.at(stream)}) + last_words(stream)));
  }
  Controls controls;
  for (const auto& way : house_.ways()) {
    const auto hearing = hear(way, {peace.since, Clock::now()}, true, controls);
    outcome.forgiven_seconds = std::max(outcome.forgiven_seconds, hearing.forgiven_seconds);
    check_bystander(way, peace.since, *peace.waits, hearing, "when all was well", outcome);
  }
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
      const std::string uri(found.at("stream_uri").as_string());
      const auto& status = found.at("status");
      if (story.state_of(uri) != status.at("state").as_string() ||
          story.health_of(uri) != status.at("health").at("overall").as_string())
        return false;
    }
    return true;
  };
  if (!eventually(agrees, 5s)) outcome.problems.emplace_back("events and GET /streams disagree");
  for (auto& contradiction : story.take_contradictions())
    outcome.problems.push_back(std::move(contradiction));
}

// As the hint of a sender says whose receiver no longer answers, because the clock was set back.
void Campaign::restart_reporters() {
  find_uris();
  std::vector<std::string> restarted;
  for (const auto& way : house_.ways()) {
    if (way.fec.empty() || way.fec == "local") continue;  // no reports
    restarted.insert(restarted.end(), way.streams.begin(), way.streams.end());
  }
  for (const auto& stream : restarted) {
    const auto answer = house_.rocd().http().request("POST", uris_.at(stream) + "/restart");
    if (answer.status / 100 != 2) throw std::runtime_error("restart: " + answer.body);
  }
  house_.rocd().wait_for_streams(restarted, "running", grace);
  if (!eventually([&] { return house_.missing_tones().empty(); }, grace))
    throw std::runtime_error("after a restart of what reports: " + house_.missing_tones());
}

// Each of them is healthy once, within the limit: what a busy machine loses of one is no matter of
// another. The healths of those that are not.
std::map<std::string, std::string> Campaign::still_ill(Milliseconds limit) const {
  std::map<std::string, std::string> ill;
  for (const auto& stream : house_.streams()) ill[stream] = "";
  const auto recovered = [&] {
    for (auto at = ill.begin(); at != ill.end();) {
      const auto health = house_.rocd().stream(at->first).at("status").at("health");
      at->second = boost::json::serialize(health);
      at = health.at("overall").as_string() == "healthy" ? ill.erase(at) : std::next(at);
    }
    return ill.empty();
  };
  (void)eventually(recovered, limit, 200ms);
  return ill;
}

void Campaign::check_recovered(Outcome& outcome) {
  const auto limit = std::chrono::duration_cast<Milliseconds>(recovered_within * patience_);
  auto ill = still_ill(limit);
  const bool hint_tells = std::ranges::any_of(ill, [](const auto& entry) {
    return entry.second.find("clock of a computer was set back") != std::string::npos;
  });
  if (house_.clock_was_set_back() && hint_tells) {
    outcome.reports_revived = true;
    check_peace(outcome);
    restart_reporters();
    begin_peace(Clock::now());
    ill = still_ill(limit);
  }
  for (const auto& [stream, health] : ill)
    outcome.problems.push_back(fmt::format("{} does not become healthy again: {}", stream, health));
}

}  // namespace rocd::test
