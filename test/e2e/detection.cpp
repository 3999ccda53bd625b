#include "e2e/detection.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <iomanip>
#include <sstream>
#include <stdexcept>

namespace rocd::test {
namespace {

constexpr double limit = 3, most_excused = 3;  // seconds
constexpr double rounding = 0.002;             // stamps have milliseconds
constexpr Milliseconds timer_interval = 20ms;

// "2026-11-20T12:00:00.000Z", as rocd stamps its log and what ends.
std::chrono::system_clock::time_point parse_utc(const std::string& text) {
  std::tm parts{};
  std::istringstream stream(text);
  double seconds = 0;
  stream >> std::get_time(&parts, "%Y-%m-%dT%H:%M:") >> seconds;
  if (!stream) throw std::runtime_error("no time: " + text);
  return std::chrono::system_clock::from_time_t(::timegm(&parts)) +
         std::chrono::milliseconds(std::lround(seconds * 1000));
}

}  // namespace

Detection::Detection(const Rocd& rocd, const std::string& stream)
    : rocd_(rocd),
      stream_(stream),
      child_(rocd.child_of(stream)),
      log_begin_(rocd.log().size()),
      begin_(std::chrono::system_clock::now()),
      timer_([this](const std::stop_token& stop) { watch(stop); }) {}

void Detection::watch(const std::stop_token& stop) {
  auto due = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    due += timer_interval;
    std::this_thread::sleep_until(due);
    const auto now = std::chrono::steady_clock::now();
    late_ = late_.load() + std::chrono::duration<double>(now - due).count();
    due = now;
  }
}

std::string Detection::problem(const std::vector<std::string>& reasons) {
  const auto since = [this](const std::string& stamp) {
    return std::chrono::duration<double>(parse_utc(stamp) - begin_).count();
  };
  if (!eventually([this] { return !process_runs(child_); })) return "its child does not end";
  timer_.request_stop();
  boost::json::object exit;
  const bool told = eventually([&] {
    const auto status = rocd_.stream(stream_).at("status").as_object();
    const auto& last = status.at("last_exit");
    if (!last.is_object()) return false;
    exit = last.as_object();
    ended_ = since(std::string(exit.at("at").as_string()));
    return ended_ > -rounding;
  });
  if (!told) return "the end of its child is not told";
  std::istringstream lines(rocd_.log().substr(log_begin_));
  for (std::string line; noticed_ < 0 && std::getline(lines, line);)
    if (line.find("'" + stream_ + "': its child does not work and is ended: ") != std::string::npos)
      noticed_ = since(line);
  const auto* given = exit.if_contains("reason");
  const std::string why(given == nullptr ? exit.at("text").as_string() : given->as_string());
  if (noticed_ < 0) return "nobody has ended it: " + why;
  const auto is_said = [&](const auto& reason) { return why.find(reason) != std::string::npos; };
  if (std::ranges::none_of(reasons, is_said)) return "ended because of something else: " + why;
  const bool in_time = noticed_ < limit + std::min(late_.load(), most_excused);
  return in_time ? "" : "too late: " + times();
}

std::string Detection::times() const {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << "noticed after " << noticed_ << " s, ended after "
       << ended_ << " s; a timer of 20 ms was late by " << late_.load() << " s in all";
  return text.str();
}

}  // namespace rocd::test
