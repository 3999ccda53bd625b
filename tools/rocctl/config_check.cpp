#include "rocctl/config_check.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <filesystem>
#include <sstream>

#include "rocctl/program.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

using namespace std::chrono_literals;

// Reading a file takes milliseconds; a pipe that nobody writes to takes for ever.
constexpr auto check_limit = 30s;
constexpr int found_mistakes = 2;  // rocd's exit status

std::string find_rocd() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  const auto beside = self.parent_path() / "rocd";
  return !error && std::filesystem::exists(beside, error) ? beside.string() : find_program("rocd");
}

// From the end of `text`: ":12" -> 12, which is taken off.
std::optional<int> take_number(std::string_view& text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  int number = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data() + colon + 1, last, number);
  if (error != std::errc() || end != last || number < 1) return std::nullopt;
  text = text.substr(0, colon);
  return number;
}

}  // namespace

std::optional<ConfigMistake> parse_mistake(const std::string& line) {
  // Names of files may hold ": "; the place is what ends with two numbers.
  for (auto end = line.find(": "); end != std::string::npos; end = line.find(": ", end + 1)) {
    std::string_view place(line.data(), end);
    const auto column = take_number(place);
    const auto row = column ? take_number(place) : std::nullopt;
    if (row) return ConfigMistake{std::string(place), *row, *column, line.substr(end + 2)};
  }
  return std::nullopt;
}

json::value to_json(const ConfigCheck& check) {
  json::array mistakes;
  for (const auto& each : check.mistakes)
    mistakes.push_back(json::object{{"file", each.file},
                                    {"line", each.line},
                                    {"column", each.column},
                                    {"reason", each.reason}});
  return json::object{{"ok", check.ok}, {"text", check.text}, {"mistakes", std::move(mistakes)}};
}

Outcome<ConfigCheck> check_config_file(const std::string& file) {
  const auto rocd = find_rocd();
  if (rocd.empty())
    return Failure{.message = "rocd is neither beside rocctl nor in PATH",
                   .hint = "it is what reads the file, and so what checks it"};
  std::vector<std::string> argv{rocd, "--check"};
  if (!file.empty()) argv.insert(argv.end(), {"--config", file});
  const auto run = run_program(argv, check_limit);
  if (!run.succeeded() && run.exit_status != found_mistakes)
    return Failure{.message = rocd + " --check: " + run.how(), .hint = run.output};
  ConfigCheck check{.ok = run.succeeded(), .text = run.output};
  while (check.text.ends_with('\n')) check.text.pop_back();
  std::istringstream lines(check.text);
  for (std::string line; !check.ok && std::getline(lines, line);)
    if (auto mistake = parse_mistake(line)) check.mistakes.push_back(std::move(*mistake));
  return check;
}

}  // namespace rocctl
