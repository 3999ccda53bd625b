#include "config/map_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/duration.hpp"
#include "config/text.hpp"

namespace rocd {
namespace {

// Aliases could make a small file say much: no mapping of ours has that many keys.
constexpr std::size_t max_keys = 64;

std::string kind_of(const YAML::Node& node) {
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a list";
  if (node.IsNull()) return "empty";
  return "text";
}

// yaml-cpp's name for a scalar in quotes.
bool is_quoted(const YAML::Node& node) {
  return node.IsScalar() && node.Tag() == "!";
}

bool has_own_tag(const YAML::Node& node) {
  const auto& tag = node.Tag();
  return tag.size() > 1 && !tag.starts_with("tag:yaml.org,2002:");
}

}  // namespace

YamlPlace place_of(const YAML::Node& node) {
  const auto mark = node.Mark();
  return {mark.line + 1, mark.column + 1};
}

MapReader::MapReader(const YAML::Node& node, YamlPlace place, const std::string& what,
                     Mistakes& mistakes)
    : place_(place), mistakes_(mistakes) {
  if (!node.IsDefined() || node.IsNull()) return;
  if (!node.IsMap()) {
    mistakes_.add(place,
                  fmt::format("{} is {}, expected a mapping (KEY: VALUE)", what, kind_of(node)));
    return;
  }
  if (node.size() > max_keys) {
    mistakes_.add(place,
                  fmt::format("{} has {} keys, expected at most {}", what, node.size(), max_keys));
    return;
  }
  for (const auto& pair : node) {  // yaml-cpp keeps both of two equal keys
    const auto key_place = place_of(pair.first);
    if (!pair.first.IsScalar()) {
      mistakes_.add(key_place, fmt::format("a key is {}, expected a word", kind_of(pair.first)));
      continue;
    }
    const auto [entry, added] =
        entries_.try_emplace(pair.first.Scalar(), Entry{pair.second, key_place});
    if (!added)
      mistakes_.add(key_place, fmt::format("'{}' stands here twice, first in line {}", entry->first,
                                           entry->second.key_place.line));
  }
}

YamlPlace MapReader::place(const std::string& key) const {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return place_;
  // yaml-cpp places "nothing" at the next token, lines below.
  return found->second.value.IsNull() ? found->second.key_place : place_of(found->second.value);
}

YamlPlace MapReader::place_in(const std::string& list_key, std::size_t index) const {
  const auto found = entries_.find(list_key);
  if (found == entries_.end() || index >= found->second.value.size()) return place(list_key);
  return place_of(found->second.value[index]);
}

ConfigOrigin MapReader::origin(const std::string& key) const {
  return {ConfigOrigin::Kind::file, mistakes_.location(place(key))};
}

ConfigOrigins MapReader::origins() const {
  ConfigOrigins all;
  for (const auto& [key, entry] : entries_) all[key] = origin(key);
  return all;
}

void MapReader::wrong(const std::string& key, std::string_view reason) {
  mistakes_.add(place(key), reason);
}

void MapReader::missing(const std::string& key, const std::string& expected) {
  mistakes_.add(place_, fmt::format("'{}' is missing, expected {}", key, expected));
}

std::optional<YAML::Node> MapReader::node(const std::string& key) {
  // A value that may have two shapes is asked for twice.
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return std::nullopt;
  found->second.asked = true;
  if (has_own_tag(found->second.value)) {
    wrong(key, fmt::format("'{}' has the tag '{}', expected a value without tag", key,
                           found->second.value.Tag()));
    return std::nullopt;
  }
  return found->second.value;
}

std::optional<std::string> MapReader::text(const std::string& key, const std::string& expected) {
  const auto value = node(key);
  if (!value) return std::nullopt;
  if (!value->IsScalar() || value->Scalar().empty()) {
    wrong(key, fmt::format("'{}' is {}, expected {}", key,
                           value->IsScalar() ? "empty" : kind_of(*value), expected));
    return std::nullopt;
  }
  // Escapes ("\0") could bring in what the file itself must not contain.
  if (const auto bad = find_bad_character(value->Scalar(), false)) {
    wrong(key, fmt::format("'{}': {}, expected {} in one line", key, bad->what, expected));
    return std::nullopt;
  }
  return value->Scalar();
}

std::optional<std::string> MapReader::plain(const std::string& key, const std::string& expected) {
  auto value = text(key, expected);
  if (value && is_quoted(entries_.at(key).value)) {
    wrong(key, fmt::format("'{}' is text in quotes, expected {}", key, expected));
    return std::nullopt;
  }
  return value;
}

std::optional<bool> MapReader::boolean(const std::string& key) {
  const auto value = plain(key, "true or false");
  if (!value) return std::nullopt;
  if (*value == "true") return true;
  if (*value == "false") return false;
  wrong(key, fmt::format("'{}' is '{}', expected true or false", key, *value));
  return std::nullopt;
}

std::optional<std::uint32_t> MapReader::integer(const std::string& key, std::uint32_t min,
                                                std::uint32_t max) {
  const auto expected = fmt::format("a whole number from {} to {}", min, max);
  const auto value = plain(key, expected);
  if (!value) return std::nullopt;
  std::uint32_t number = 0;
  const auto* end = value->data() + value->size();
  const auto [rest, failure] = std::from_chars(value->data(), end, number);
  if (failure == std::errc{} && rest == end && number >= min && number <= max) return number;
  wrong(key, fmt::format("'{}' is '{}', expected {}", key, *value, expected));
  return std::nullopt;
}

std::optional<double> MapReader::number(const std::string& key, double min, double max) {
  const auto expected = fmt::format("a number from {} to {}", min, max);
  const auto value = plain(key, expected);
  if (!value) return std::nullopt;
  double number = 0;
  const auto* end = value->data() + value->size();
  const auto [rest, failure] = std::from_chars(value->data(), end, number);
  const bool read = failure == std::errc{} && rest == end && std::isfinite(number);
  if (read && number >= min && number <= max) return number;
  wrong(key, fmt::format("'{}' is '{}', expected {}", key, *value, expected));
  return std::nullopt;
}

std::optional<Duration> MapReader::duration(const std::string& key) {
  const auto value = text(key, "'auto' or a number and a unit such as '200ms'");
  if (!value || *value == "auto") return std::nullopt;
  const auto parsed = parse_duration(*value);
  if (parsed) return *parsed;
  wrong(key, fmt::format("'{}': {}, or 'auto'", key, parsed.error().message));
  return std::nullopt;
}

std::vector<YAML::Node> MapReader::list(const std::string& key, std::size_t limit) {
  const auto value = node(key);
  if (!value || value->IsNull()) return {};  // all of its entries may be commented out
  if (!value->IsSequence()) {
    wrong(key, fmt::format("'{}' is {}, expected a list", key, kind_of(*value)));
    return {};
  }
  if (value->size() > limit) {
    wrong(key, fmt::format("'{}' has {} entries, expected at most {}", key, value->size(), limit));
    return {};
  }
  std::vector<YAML::Node> entries;
  for (const auto& entry : *value) entries.push_back(entry);
  return entries;
}

std::vector<std::string> MapReader::texts(const std::string& key, std::size_t limit) {
  std::vector<std::string> words;
  for (const auto& entry : list(key, limit)) {
    const auto where = entry.IsNull() ? place(key) : place_of(entry);
    const auto bad = entry.IsScalar() ? find_bad_character(entry.Scalar(), false) : std::nullopt;
    if (!entry.IsScalar())
      mistakes_.add(where,
                    fmt::format("an entry of '{}' is {}, expected text", key, kind_of(entry)));
    else if (bad)
      mistakes_.add(where, fmt::format("'{}': {}, expected text in one line", key, bad->what));
    else
      words.push_back(entry.Scalar());
  }
  return words;
}

// A list of mappings, such as endpoints.
std::vector<YAML::Node> MapReader::mappings(const std::string& key, std::size_t limit) {
  std::vector<YAML::Node> found;
  std::size_t number = 0;
  for (const auto& entry : list(key, limit)) {
    ++number;
    if (entry.IsMap())
      found.push_back(entry);
    else  // "nothing" has no place of its own
      mistakes_.add(entry.IsNull() ? place(key) : place_of(entry),
                    fmt::format("entry {} of '{}' is {}, expected a mapping (KEY: VALUE)", number,
                                key, kind_of(entry)));
  }
  return found;
}

std::optional<std::size_t> MapReader::choice_index(const std::string& key,
                                                   const std::vector<std::string>& words) {
  const auto value = text(key, one_of(words));
  if (!value) return std::nullopt;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == *value) return i;
  wrong(key, fmt::format("'{}' is '{}', expected {}{}", key, *value, one_of(words),
                         did_you_mean(*value, words)));
  return std::nullopt;
}

void MapReader::finish() {
  for (const auto& [key, entry] : entries_) {
    if (entry.asked) continue;
    mistakes_.add(entry.key_place,
                  fmt::format("unknown key '{}'{}", key,
                              did_you_mean(key, known_, ", expected " + one_of(known_))));
  }
}

}  // namespace rocd
