// What is heard when packets are lost, for each kind of error correction, beside a way that goes
// through PipeWire alone: a table for docs/reliability.md. scripts/loss.sh runs it.
//   rocd_loss [SECONDS [PROFILE…]]      of each measurement; default 60, balanced and low
// Exit status 1 if a way with error correction has as many gaps as one without, where packets are
// lost.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "faults/house.hpp"
#include "faults/steal.hpp"

using namespace rocd::test;

namespace {

// Where error correction did nothing; empty: nowhere.
std::string run(double seconds, const std::string& profile) {
  std::string useless;
  House house(std::random_device{}(), profile);
  house.rocd().wait_for_streams(house.streams());
  std::cout << fmt::format("\n{:.0f} s each, profile {}; gaps a minute (longest, ms)\n\n", seconds,
                           profile)
            << "| loss | bare rtp | rs8m | ldpc | PipeWire alone | steal |\n"
            << "|---|---|---|---|---|---|\n";
  for (const double loss : {0.0, 0.01, 0.05, 0.10}) {
    house.relay().set_weather({});
    if (!eventually([&] { return house.missing_tones().empty(); }))
      throw std::runtime_error("before anything is lost: " + house.missing_tones());
    house.relay().set_weather({.loss = loss});
    const auto& clock = house.listener(house.ways().front());
    if (!clock.record_more(5)) throw std::runtime_error("nothing is recorded");  // settled
    std::vector<std::pair<const Listener*, double>> heard;  // and from where on
    for (const std::string name : {"rtp", "rs8m", "ldpc"})
      for (const auto& way : house.ways())
        if (way.name == name) heard.emplace_back(&house.listener(way), 0);
    heard.emplace_back(&house.listener(house.control()), 0);
    for (auto& [listener, from] : heard) from = listener->position();
    steal_share();
    const double end = clock.position() + seconds;
    while (clock.position() < end)
      if (!clock.record_more(1)) throw std::runtime_error("nothing is recorded");
    const double steal = steal_share();
    std::string row = fmt::format("| {:.0f} % |", loss * 100);
    std::vector<double> gaps;  // a minute
    for (const auto& [listener, from] : heard) {
      const auto to = listener->position();
      gaps.push_back(static_cast<double>(listener->gaps(from, to)) * 60 / (to - from));
      row += fmt::format(" {:.0f} ({:.0f}) |", gaps.back(), listener->longest_silence_ms(from, to));
    }
    if (loss > 0 && std::max(gaps[1], gaps[2]) >= gaps[0])
      useless += fmt::format("profile {}, {:.0f} % loss: no fewer gaps with error correction\n",
                             profile, loss * 100);
    std::cout << row << fmt::format(" {:.1f} % |", steal * 100) << std::endl;
    house.make_sound();
  }
  return useless;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 60;
  std::vector<std::string> profiles(argv + std::min(argc, 2), argv + argc);
  if (profiles.empty()) profiles = {"balanced", "low"};
  if (seconds < 1) {
    std::cerr << "usage: rocd_loss [SECONDS [PROFILE...]]\n";
    return 2;
  }
  try {
    enter_namespaces();
    std::string useless;
    for (const auto& profile : profiles) useless += run(seconds, profile);
    std::cerr << useless;
    return useless.empty() ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "rocd_loss: " << error.what() << "\n";
    return 1;
  }
}
