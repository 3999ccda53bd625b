// The fault campaign: see docs/reliability.md.
//   rocd_faults [--faults N] [--seed S] [--only TEXT,…] [--patience N] [--report FILE] [--quiet]
//               [--sabotage]
//   rocd_faults --list
// --sabotage: a device is muted, so that what it plays is not heard again: the judge has to tell
// it.
// --quiet: of the faults only those are shown that did not heal as they should.
// --patience: how many times the limits; for machines that others use, too.
// Exit status 1 if a fault did not heal as it should, 2 for a wrong call.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string_view>

#include "faults/campaign.hpp"
#include "faults/report.hpp"

using namespace rocd::test;

namespace {

struct Call {
  unsigned faults = 60;
  std::uint32_t seed = std::random_device{}();
  std::string only, report;
  unsigned patience = 1;
  bool list = false, sabotage = false, quiet = false;
};

template <class T>
bool parse_number(const char* text, T& number) {
  const auto* end = text + std::strlen(text);
  return std::from_chars(text, end, number).ptr == end;
}

// That an option sets; null if `option` takes a value.
bool* flag_of(std::string_view option, Call& call) {
  if (option == "--list") return &call.list;
  if (option == "--sabotage") return &call.sabotage;
  return option == "--quiet" ? &call.quiet : nullptr;
}

bool parse(int argc, char** argv, Call& call) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (auto* flag = flag_of(option, call); flag != nullptr) {
      *flag = true;
      continue;
    }
    if (value == nullptr) return false;
    ++i;
    if (option == "--only") {
      call.only = value;
    } else if (option == "--report") {
      call.report = value;
    } else if (option == "--faults") {
      if (!parse_number(value, call.faults) || call.faults == 0) return false;
    } else if (option == "--patience") {
      if (!parse_number(value, call.patience) || call.patience == 0) return false;
    } else if (option != "--seed" || !parse_number(value, call.seed)) {
      return false;
    }
  }
  return true;
}

void print(std::size_t number, const Outcome& outcome) {
  const auto what =
      outcome.what.empty() ? fmt::to_string(fmt::join(outcome.kinds, " + ")) : outcome.what;
  std::cout << number << ": " << what << ": " << outcome.recovery_seconds << " s "
            << outcome.slowest << std::endl;
  if (!outcome.noise.empty()) std::cout << "  " << outcome.noise << std::endl;
  for (const auto& problem : outcome.problems) std::cout << "  FAILED: " << problem << std::endl;
}

// Appends what has happened to `outcomes`; throws if the house cannot be built.
void run(const Call& call, std::vector<Outcome>& outcomes) {
  enter_namespaces();
  House house(call.seed);
  Campaign campaign(house, call.seed, call.only, call.patience);
  campaign.begin();
  if (call.sabotage) house.mute_speaker();
  for (unsigned i = 0; i < call.faults; ++i) {
    outcomes.push_back(campaign.next());
    if (!call.quiet || !outcomes.back().problems.empty()) print(i + 1, outcomes.back());
    if (campaign.broken())
      throw std::runtime_error("broken off: the house could not be put in order");
  }
  // Each comes up before any comes up again; half of the faults are two. One that had nothing to
  // hit is drawn again with the next round.
  if (2 * call.faults < 3 * campaign.kinds().size()) return;
  const auto missing = kinds_never_made(campaign.kinds(), outcomes);
  if (!missing.empty())
    throw std::runtime_error("never made: " + fmt::to_string(fmt::join(missing, ", ")));
}

// Also when it is broken off there is a report.
int run_and_report(const Call& call) {
  std::cout << "seed " << call.seed << ", " << call.faults << " faults" << std::endl;
  if (!House::fakes_clock())
    std::cout << "no jumps of the clock: the sanitizer wants to be loaded first" << std::endl;
  std::vector<Outcome> outcomes;
  std::string broken;
  try {
    run(call, outcomes);
  } catch (const std::exception& error) {
    broken = error.what();
  }
  auto text = report(outcomes);
  if (!broken.empty())
    text += "\nAfter " + std::to_string(outcomes.size()) + " faults: " + broken + "\n";
  std::cout << "\n" << text;
  if (!call.report.empty()) std::ofstream(call.report) << text;
  const bool healed = std::all_of(outcomes.begin(), outcomes.end(),
                                  [](const auto& outcome) { return outcome.problems.empty(); });
  return broken.empty() && healed ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Call call;
  if (!parse(argc, argv, call)) {
    std::cerr << "usage: rocd_faults [--faults N] [--seed S] [--only TEXT,...] [--patience N] "
                 "[--report FILE] [--quiet] [--sabotage] [--list]\n";
    return 2;
  }
  if (call.list) {
    for (const auto& kind : fault_kinds()) std::cout << kind.name << "\n";
    return 0;
  }
  try {
    return run_and_report(call);
  } catch (const std::exception& error) {
    std::cerr << "rocd_faults: " << error.what() << "\n";
    return 1;
  }
}
