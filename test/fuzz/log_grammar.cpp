// What children print: cut into lines, kept in the ring, read as facts.
// Input: the first byte is the size of the pieces in which the rest arrives.
#include <cmath>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/line_ring.hpp"
#include "fuzz.hpp"
#include "stream/roc_log_grammar.hpp"

namespace rocd::fuzz {
namespace {

constexpr std::size_t longest_line = 256;

struct Lines {
  std::vector<std::string> lines;
  std::uint64_t dropped = 0;
};

Lines split(std::string_view bytes, std::size_t piece) {
  Lines result;
  LineSplitter splitter(longest_line);
  const auto sink = [&](std::string line) { result.lines.push_back(std::move(line)); };
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, piece);
    result.dropped += splitter.feed(part, sink);
    bytes.remove_prefix(part.size());
  }
  splitter.finish(sink);
  return result;
}

void check_numbers(const std::optional<double>& number) {
  must(!number || std::isfinite(*number), "a measured value is a number");
}

void check_fact(const EngineFact& fact, std::string_view line) {
  if (const auto* latency = std::get_if<FactLatency>(&fact)) {
    for (const auto& value :
         {latency->e2e_ms, latency->network_ms, latency->target_ms, latency->jitter_ms})
      check_numbers(value);
  }
  if (const auto* io = std::get_if<FactIoLatency>(&fact)) {
    check_numbers(io->ms);
    must(io->ms >= 0, "a latency is not negative");
  }
  if (const auto* frames = std::get_if<FactPlayback>(&fact)) {
    const std::size_t all = std::size_t{frames->fine} + frames->warming_up + frames->missing;
    must(all <= line.size(), "no more frames than letters");
  }
  if (const auto* binding = std::get_if<FactBinding>(&fact)) {
    const auto again = MediaUri::parse(binding->asked.str());
    must(again && *again == binding->asked, "an address that is written is read as the same");
  }
  if (const auto* opened = std::get_if<FactPortOpened>(&fact))
    must(!opened->host.empty(), "what is bound has a host");
  if (const auto* error = std::get_if<FactError>(&fact))
    must(!error->text.empty(), "an error says something");
}

void check_ring(const std::vector<std::string>& lines, std::uint64_t after) {
  constexpr std::size_t limit = 512;
  LineRing ring(limit);
  for (const auto& line : lines) {
    const auto kept = ring.push({}, OutputChannel::err, line);
    must(kept.text == line, "what is pushed comes back");
  }
  must(ring.last_number() == lines.size(), "lines are numbered");
  const auto last = ring.last(lines.size());
  must(last.size() == ring.size(), "all that is kept can be read");
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < last.size(); ++i) {
    const auto index = lines.size() - last.size() + i;
    must(last[i].number == index + 1 && last[i].text == lines[index], "the newest lines are kept");
    bytes += last[i].text.size() + LineRing::line_overhead;
  }
  must(last.size() == 1 || bytes <= limit, "the ring keeps to its limit");
  std::uint64_t lost = 0;
  for (std::size_t i = 0; i + last.size() < lines.size(); ++i) lost += lines[i].size();
  must(ring.dropped_bytes() == lost, "what is lost is counted");
  for (const auto& line : ring.last(lines.size(), after))
    must(line.number > after, "only newer lines than asked for");
}

void check(std::size_t piece, std::string_view bytes) {
  const auto whole = split(bytes, std::max<std::size_t>(bytes.size(), 1));
  const auto pieces = split(bytes, piece);
  must(whole.lines == pieces.lines && whole.dropped == pieces.dropped,
       "how the bytes arrive makes no difference");
  std::size_t kept = whole.dropped;
  for (const auto& line : whole.lines) {
    must(line.size() <= longest_line, "a line keeps to its limit");
    must(line.find('\n') == std::string::npos, "a line is one line");
    kept += line.size();
    if (const auto fact = parse_roc_log_line(line)) check_fact(*fact, line);
  }
  must(kept <= bytes.size(), "no byte comes from nowhere");
  check_ring(whole.lines, piece);
}

}  // namespace
}  // namespace rocd::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rocd::fuzz;
  if (size == 0) return 0;
  check(std::size_t{data[0]} + 1, text_of(data + 1, size - 1));
  return 0;
}
