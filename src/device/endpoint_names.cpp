#include "device/endpoint_names.hpp"

#include <algorithm>

#include "model/endpoint.hpp"

namespace rocd {
namespace {

constexpr std::size_t max_name = 63;

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string slug(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (is_word(c)) {
      result += c;
    } else if (!result.empty() && result.back() != '-') {
      result += '-';
    }
  }
  // Room for a number behind it.
  result.resize(std::min(result.size(), max_name - 8));
  while (!result.empty() && result.back() == '-') result.pop_back();
  return result;
}

std::string choose_name(std::string_view display_name, const Uid& uid,
                        const std::function<bool(const std::string&)>& is_taken) {
  auto base = slug(display_name);
  if (base.empty()) base = uid.str();
  auto name = base;
  for (int number = 2; is_taken(name); ++number) name = base + "-" + std::to_string(number);
  return name;
}

std::optional<std::string> name_of_system_name(std::string_view system_name) {
  if (!system_name.starts_with(system_name_prefix)) return std::nullopt;
  system_name.remove_prefix(system_name_prefix.size());
  if (!is_endpoint_name(system_name)) return std::nullopt;
  return std::string(system_name);
}

}  // namespace rocd
