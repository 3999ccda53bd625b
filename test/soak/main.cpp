// The soak: see docs/reliability.md, "Leaks".
//   rocd_soak [--only PART] [--cycles N] [--brief] [--forget] [--report FILE]
// --brief: few cycles, no warm-up; counts may not grow, memory only by what is bounded.
// --forget: one part that leaves everything behind: must end with status 1.
// Exit status 1 if something grew, or a cycle did not do what it should; 2 for a wrong call.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <exception>
#include <fstream>
#include <iostream>
#include <string_view>

#include "faults/house.hpp"
#include "soak/ledger.hpp"
#include "soak/soak_part.hpp"

using namespace rocd::test;

namespace {

constexpr unsigned samples_of_all = 60;
constexpr unsigned samples_of_brief = 20;
// rocd keeps 4,096 events. Some more than twice that: those of the start are all gone.
constexpr double warm_events = 10'000;

struct Call {
  std::string only, report;
  unsigned cycles = 0;  // 0: each part's own
  bool brief = false, forget = false;
};

bool parse(int argc, char** argv, Call& call) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--brief" || option == "--forget") {
      (option == "--brief" ? call.brief : call.forget) = true;
      continue;
    }
    const char* value = i + 1 < argc ? argv[++i] : nullptr;
    if (value == nullptr) return false;
    if (option == "--only") {
      call.only = value;
    } else if (option == "--report") {
      call.report = value;
    } else {
      const auto* end = value + std::strlen(value);
      const auto parsed = std::from_chars(value, end, call.cycles);
      if (option != "--cycles" || parsed.ptr != end || call.cycles == 0) return false;
    }
  }
  return true;
}

struct Outcome {
  std::string title;
  std::vector<Ledger::Row> rows;
};

// Until the ring of events is full of this part's own, and a tenth of the cycles is over. Gives
// the cycles that it took.
unsigned warm_up(SoakPart& part, SoakScene& scene, unsigned cycles) {
  const auto some = std::max(cycles / 50, 1U);
  unsigned warm = 0;
  while (warm < cycles / 10 || scene.rest().metric("rocd_events_total") < warm_events) {
    part.run(scene, some);
    warm += some;
  }
  return warm;
}

void print(const Vitals& vitals, unsigned cycles, double seconds) {
  auto line = fmt::format("  {:6} cycles, {:4.0f} s:", cycles, seconds);
  for (std::size_t i = 0; i < vitals.size(); ++i)
    line += fmt::format(" {:.0f} {}{}", vitals[i], vital_kinds[i].name,
                        i + 1 < vitals.size() ? "," : "");
  std::cout << line << std::endl;
}

Outcome run(const SoakKind& kind, const Call& call) {
  const auto cycles = call.cycles != 0 ? call.cycles : call.brief ? kind.brief_cycles : kind.cycles;
  const auto begin = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };
  const auto part = kind.make();
  SoakScene scene(part->config(), part->token());
  part->prepare(scene);
  std::cout << kind.name << std::endl;
  print(scene.vitals(), 0, seconds());
  const auto warm = call.brief ? 0 : warm_up(*part, scene, cycles);
  std::cout << "  " << warm << " cycles to warm up" << std::endl;
  Ledger ledger;
  const auto samples = call.brief ? samples_of_brief : samples_of_all;
  unsigned done = 0;
  for (unsigned i = 1; i <= samples; ++i) {
    const auto until = static_cast<unsigned>(std::uint64_t{cycles} * i / samples);
    part->run(scene, until - done);
    done = until;
    const auto vitals = scene.vitals();
    ledger.add(vitals);
    print(vitals, done, seconds());
  }
  const auto rule = call.brief ? SoakRule::brief : SoakRule::full;
  return {fmt::format("{}: {} cycles after {} to warm up, {:.0f} s; {}", kind.name, cycles, warm,
                      seconds(), part->done()),
          ledger.rows(rule)};
}

std::string table(const std::vector<Outcome>& outcomes) {
  std::string text;
  for (const auto& outcome : outcomes) {
    text += outcome.title +
            "\n\n| what | first fifth | last fifth | change | |\n|---|---|---|---|---|\n";
    for (const auto& row : outcome.rows)
      text += fmt::format("| {} | {:.1f} | {:.1f} | {:+.1f} % | {} |\n", row.name, row.first,
                          row.last, row.percent(), row.grew ? "GREW" : "");
    text += "\n";
  }
  return text;
}

int run_all(const Call& call) {
  enter_namespaces();
  std::vector<Outcome> outcomes;
  for (const auto& kind : soak_kinds()) {
    if (call.forget || std::string_view(kind.name).find(call.only) == std::string_view::npos)
      continue;
    outcomes.push_back(run(kind, call));
  }
  if (call.forget)
    outcomes.push_back(run({"devices that stay", 60, 60, make_forgetful_soak}, call));
  const auto text = table(outcomes);
  std::cout << "\n" << text;
  if (!call.report.empty()) std::ofstream(call.report) << text;
  bool grew = outcomes.empty();
  for (const auto& outcome : outcomes)
    for (const auto& row : outcome.rows) grew |= row.grew;
  return grew ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  Call call;
  if (!parse(argc, argv, call)) {
    std::cerr
        << "usage: rocd_soak [--only PART] [--cycles N] [--brief] [--forget] [--report FILE]\n";
    return 2;
  }
  try {
    return run_all(call);
  } catch (const std::exception& error) {
    std::cerr << "rocd_soak: " << error.what() << "\n";
    return 1;
  }
}
