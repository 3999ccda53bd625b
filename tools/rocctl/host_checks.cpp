#include "rocctl/host_checks.hpp"

#include <fmt/format.h>
#include <sys/timex.h>

#include <charconv>
#include <fstream>
#include <sstream>

#include "rocctl/json_access.hpp"

namespace rocctl {
namespace {

constexpr std::size_t ports_of_a_stream = 3;  // media, repair, control
// End-to-end latency of streams between computers is wrong by as much.
constexpr long good_clock_us = 5000;

std::optional<std::uint16_t> parse_port(std::string_view text, int base = 10) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::string read_file(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::optional<long> clock_error() {
  timex clock{};
  if (::adjtimex(&clock) == TIME_ERROR || (clock.status & STA_UNSYNC) != 0) return std::nullopt;
  return clock.maxerror;
}

}  // namespace

std::optional<PortRange> parse_port_range(std::string_view text) {
  const auto dash = text.find('-');
  const auto first = parse_port(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_port(text.substr(dash + 1));
  if (!first || !last || *first == 0 || *last < *first) return std::nullopt;
  return PortRange{*first, *last};
}

void add_bound_ports(std::string_view table, std::set<std::uint16_t>& ports) {
  std::istringstream lines{std::string(table)};
  std::string line, slot, address;
  std::getline(lines, line);  // the head
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    fields >> slot >> address;
    const auto colon = address.rfind(':');
    if (colon == std::string::npos) continue;
    if (const auto port = parse_port(std::string_view(address).substr(colon + 1), 16))
      ports.insert(*port);
  }
}

Check port_range_check(const PortRange& range, const std::set<std::uint16_t>& bound) {
  const std::size_t all = range.last - range.first + 1U;
  const auto taken = static_cast<std::size_t>(
      std::distance(bound.lower_bound(range.first), bound.upper_bound(range.last)));
  const auto free = all - taken;
  Check check{.name = "port range",
              .text = fmt::format("UDP {}-{}: {} of {} free", range.first, range.last, free, all)};
  if (free >= ports_of_a_stream * 10) return check;
  check.grade = free < ports_of_a_stream ? Grade::bad : Grade::doubtful;
  check.hint = "widen ports.range in the configuration, or name the ports in the streams";
  return check;
}

Check clock_check(std::optional<long> error_us) {
  const std::string what = "latencies from end to end between computers";
  if (!error_us)
    return {"clock", Grade::doubtful, "not synchronised: " + what + " will be wrong",
            "timedatectl set-ntp true, or install chrony"};
  const auto milliseconds = static_cast<double>(*error_us) / 1000;
  if (*error_us <= good_clock_us)
    return {"clock", Grade::good, fmt::format("synchronised to {:.1f} ms", milliseconds)};
  return {"clock", Grade::doubtful,
          fmt::format("synchronised, but only to {:.0f} ms: {} may be wrong by as much",
                      milliseconds, what),
          "a time server nearer by, or chrony, makes it better"};
}

Checks host_checks(const boost::json::value& config) {
  Checks checks;
  for (const auto& value : items_at(config, "/values")) {
    if (text_at(value, "/key") != "ports.range") continue;
    std::set<std::uint16_t> bound;
    for (const char* table : {"/proc/net/udp", "/proc/net/udp6"})
      add_bound_ports(read_file(table), bound);
    if (const auto range = parse_port_range(text_at(value, "/value")))
      checks.push_back(port_range_check(*range, bound));
  }
  checks.push_back(clock_check(clock_error()));
  return checks;
}

}  // namespace rocctl
