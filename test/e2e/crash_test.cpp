// kill -9 of the real daemon at random moments while several clients change things: nothing that
// was answered is lost, nothing that was deleted comes back, and the state opens every time.
// `scripts/crash.sh 1000` runs it that often.
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <random>
#include <thread>

#include "e2e/crash_client.hpp"
#include "e2e/silent.hpp"
#include "support/database.hpp"

using namespace rocd::test;
namespace json = boost::json;

namespace {

constexpr int clients = 4;
constexpr int longest_life = 100'000;    // µs under load
constexpr int longest_start = 30'000;    // µs of a start that is cut off
constexpr std::uint32_t cut_starts = 8;  // one of so many rounds is a start that is cut off

std::uint32_t number_from(const char* variable, std::uint32_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : static_cast<std::uint32_t>(std::stoul(text));
}

json::array all_items(const HttpClient& http) {
  auto items = http.get("/peers/self/endpoints").as_array();
  const auto streams = http.get("/streams");
  for (const auto& stream : streams.as_array()) items.push_back(stream);
  return items;
}

struct Campaign {
  explicit Campaign(std::uint32_t seed) : silent(CrashClient::configured(clients)), random(seed) {
    for (int i = 0; i < clients; ++i) all.emplace_back(i, seed);
  }

  void sleep_up_to(int microseconds) {
    std::uniform_int_distribution<int> time(0, microseconds);
    std::this_thread::sleep_for(std::chrono::microseconds(time(random)));
  }

  // As it is after a kill; throws if rocd does not start.
  void check() {
    silent.start();
    const auto& http = silent.rocd().http();
    const std::string uid(http.get("/peers/self").at("peer_uid").as_string());
    if (self.empty()) self = uid;
    CHECK(uid == self);
    const auto shown = all_items(http);
    for (auto& client : all)
      for (const auto& wrong : client.compare(shown)) FAIL_CHECK(wrong);
    CHECK(OtherProgram(silent.state() / "state.db").run("PRAGMA integrity_check") == "ok");
    CHECK(http.get("/system").at("unreadable").as_array().empty());
  }

  void load_and_kill() {
    const auto& http = silent.rocd().http();
    std::vector<std::thread> threads;
    for (auto& client : all) threads.emplace_back([&] { client.change_things(http); });
    sleep_up_to(longest_life);
    silent.kill();
    for (auto& thread : threads) thread.join();
  }

  void cut_start_off() {
    silent.kill();
    Process starting({.argv = silent.command(), .output = silent.log(), .errors = {}});
    sleep_up_to(longest_start);
    starting.signal(SIGKILL);
    starting.wait();
  }

  [[nodiscard]] std::uint64_t sum(std::uint64_t (CrashClient::*figure)() const) const {
    return std::accumulate(
        all.begin(), all.end(), std::uint64_t{0},
        [&](auto total, const auto& client) { return total + (client.*figure)(); });
  }

  Silent silent;
  std::mt19937 random;
  std::vector<CrashClient> all;
  std::string self;
};

}  // namespace

TEST_CASE("nothing that was answered is lost by kill -9 at any moment", "[e2e][crash]") {
  const auto rounds = number_from("ROCD_CRASH_ROUNDS", 20);
  const auto seed = number_from("ROCD_CRASH_SEED", std::random_device{}());
  const auto begin = std::chrono::steady_clock::now();
  Campaign campaign(seed);
  for (std::uint32_t round = 0; round < rounds; ++round) {
    INFO("round " << round << " of seed " << seed);
    campaign.check();
    if (round % cut_starts == cut_starts - 1) {
      campaign.cut_start_off();
    } else {
      campaign.load_and_kill();
    }
  }
  campaign.check();
  const auto time = std::chrono::steady_clock::now() - begin;
  const auto acknowledged = campaign.sum(&CrashClient::acknowledged);
  const auto unanswered = campaign.sum(&CrashClient::unanswered);
  std::cout << rounds << " rounds of seed " << seed << ": " << acknowledged << " changes answered, "
            << unanswered << " cut off by the kill, of which "
            << campaign.sum(&CrashClient::unanswered_done) << " had been done; "
            << std::chrono::duration_cast<std::chrono::seconds>(time).count() << " s" << std::endl;
  CHECK(acknowledged > 0);
  CHECK(unanswered > 0);
}
