#include "model/object_reader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <numeric>

namespace rocd {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const auto substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, substitution}));
    }
  }
  return row.back();
}

// U+0000 to U+001F and U+007F to U+009F; `text` is valid UTF-8, the JSON parser saw to that.
bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f) return true;
    const bool may_be_c1 = byte == 0xc2 && i + 1 < text.size();
    if (may_be_c1 && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
  }
  return false;
}

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80;
  }));
}

// nullopt: fine.
std::optional<std::string> text_problem(std::string_view text, std::size_t max_characters) {
  if (has_control_character(text)) return "control characters are not allowed";
  const auto count = characters(text);
  if (count <= max_characters) return std::nullopt;
  return fmt::format("{} characters, expected at most {}", count, max_characters);
}

}  // namespace

std::string escape_pointer(std::string_view key) {
  std::string escaped;
  for (const char c : key) {
    if (c == '~')
      escaped += "~0";
    else if (c == '/')
      escaped += "~1";
    else
      escaped += c;
  }
  return escaped;
}

std::string_view closest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = 3;
  if (word.size() > 64) return best;
  for (const auto candidate : candidates) {
    const auto distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string ObjectReader::pointer(std::string_view key) const {
  return path_ + "/" + escape_pointer(key);
}

void ObjectReader::fail(std::string_view key, std::string reason) {
  errors_.push_back({pointer(key), std::move(reason)});
}

const boost::json::value* ObjectReader::find(std::string_view key) {
  known_.push_back(key);
  return object_.if_contains(key);
}

void ObjectReader::require(std::string_view key) {
  if (!has(key)) fail(key, "missing");
}

void ObjectReader::ignore(std::string_view key) {
  known_.push_back(key);
}

std::optional<std::string> ObjectReader::text(std::string_view key, std::size_t max_characters) {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    fail(key, "expected a string");
    return std::nullopt;
  }
  std::string text(value->get_string());
  if (auto problem = text_problem(text, max_characters)) {
    fail(key, std::move(*problem));
    return std::nullopt;
  }
  return text;
}

std::optional<bool> ObjectReader::boolean(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  fail(key, "expected true or false");
  return std::nullopt;
}

std::optional<std::int64_t> ObjectReader::integer(std::string_view key, std::int64_t low,
                                                  std::int64_t high) {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  // Parsed ones are signed if they fit; those that our own encoders put there may be unsigned.
  boost::system::error_code too_large;
  const bool integral = value->is_int64() || value->is_uint64();
  const auto number = integral ? value->to_number<std::int64_t>(too_large) : 0;
  if (integral && !too_large && number >= low && number <= high) return number;
  fail(key, fmt::format("expected an integer from {} to {}", low, high));
  return std::nullopt;
}

std::optional<double> ObjectReader::number(std::string_view key, double low, double high) {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_number()) {
    const auto number = value->to_number<double>();
    if (number >= low && number <= high) return number;
  }
  fail(key, fmt::format("expected a number from {} to {}", low, high));
  return std::nullopt;
}

std::optional<std::vector<std::string>> ObjectReader::texts(std::string_view key,
                                                            std::size_t max_count) {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_array()) {
    fail(key, "expected an array of strings");
    return std::nullopt;
  }
  const auto& array = value->get_array();
  if (array.size() > max_count) {
    fail(key, fmt::format("{} items, expected at most {}", array.size(), max_count));
    return std::nullopt;
  }
  std::vector<std::string> texts;
  const auto before = errors_.size();
  for (std::size_t i = 0; i < array.size(); ++i) {
    const auto where = fmt::format("{}/{}", pointer(key), i);
    if (!array[i].is_string()) {
      errors_.push_back({where, "expected a string"});
      continue;
    }
    texts.emplace_back(array[i].get_string());
    if (auto problem = text_problem(texts.back(), 1000))
      errors_.push_back({where, std::move(*problem)});
  }
  if (errors_.size() != before) return std::nullopt;
  return texts;
}

const boost::json::object* ObjectReader::object(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr) return nullptr;
  if (value->is_object()) return &value->get_object();
  fail(key, "expected an object");
  return nullptr;
}

std::optional<std::size_t> ObjectReader::index_of(std::string_view key,
                                                  std::span<const std::string_view> names) {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) {
    fail(key, "expected a string");
    return std::nullopt;
  }
  const std::string_view text = value->get_string();
  if (auto problem = text_problem(text, 200)) {
    fail(key, std::move(*problem));
    return std::nullopt;
  }
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  fail(key, fmt::format("'{}' is not one of {}", text, fmt::join(names, ", ")));
  return std::nullopt;
}

void ObjectReader::finish() {
  constexpr std::size_t max_reported = 20;  // each costs a search for what was meant
  std::size_t unknown = 0;
  for (const auto& item : object_) {
    const std::string_view key = item.key();
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    if (++unknown > max_reported) continue;
    const auto meant = closest(key, known_);
    fail(key,
         meant.empty() ? "unknown field" : fmt::format("unknown field, did you mean '{}'?", meant));
  }
  if (unknown > max_reported)
    errors_.push_back({path_, fmt::format("{} more unknown fields", unknown - max_reported)});
}

}  // namespace rocd
