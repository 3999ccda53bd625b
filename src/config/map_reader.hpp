// Reads one YAML mapping strictly: every key must be asked for, stand once, and hold what was asked
// for; else it is a mistake with its place, and reading goes on, so that all mistakes show at once.
#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "config/mistakes.hpp"

namespace rocd {

[[nodiscard]] YamlPlace place_of(const YAML::Node& node);

template <class T>
using Choices = std::vector<std::pair<std::string, T>>;

class MapReader {
 public:
  // `what` is for people: "the file", "'http'", "an endpoint". Not a mapping: one mistake, then as
  // if empty. Nothing at all ("http:") is an empty mapping.
  MapReader(const YAML::Node& node, YamlPlace place, const std::string& what, Mistakes& mistakes);

  [[nodiscard]] YamlPlace place() const { return place_; }
  // Of the value of `key`; of the mapping itself if the key is not there.
  [[nodiscard]] YamlPlace place(const std::string& key) const;
  [[nodiscard]] YamlPlace place_in(const std::string& list_key, std::size_t index) const;
  [[nodiscard]] ConfigOrigin origin(const std::string& key) const;  // of what stands here
  [[nodiscard]] ConfigOrigins origins() const;
  [[nodiscard]] bool has(const std::string& key) const { return entries_.contains(key); }
  void wrong(const std::string& key, std::string_view reason);
  void missing(const std::string& key, const std::string& expected);

  // nullopt: absent, or wrong and already said.
  std::optional<YAML::Node> node(const std::string& key);
  std::optional<std::string> text(const std::string& key, const std::string& expected = "text");
  // A scalar that is not text: without quotes.
  std::optional<std::string> plain(const std::string& key, const std::string& expected);
  std::optional<bool> boolean(const std::string& key);
  std::optional<std::uint32_t> integer(const std::string& key, std::uint32_t min,
                                       std::uint32_t max);
  std::optional<double> number(const std::string& key, double min, double max);
  // "auto" is nullopt, too: it is what an absent duration means.
  std::optional<Duration> duration(const std::string& key);
  std::vector<YAML::Node> list(const std::string& key, std::size_t limit);
  std::vector<YAML::Node> mappings(const std::string& key, std::size_t limit);
  std::vector<std::string> texts(const std::string& key, std::size_t limit);

  template <class T>
  std::optional<T> choice(const std::string& key, const Choices<T>& choices) {
    std::vector<std::string> words;
    for (const auto& [word, value] : choices) words.push_back(word);
    const auto index = choice_index(key, words);
    return index ? std::optional<T>(choices[*index].second) : std::nullopt;
  }

  // Says which keys nobody asked for. Call last.
  void finish();

 private:
  struct Entry {
    YAML::Node value;
    YamlPlace key_place;
    bool asked = false;
  };

  std::optional<std::size_t> choice_index(const std::string& key,
                                          const std::vector<std::string>& words);

  YamlPlace place_;
  Mistakes& mistakes_;
  std::map<std::string, Entry> entries_;
  std::vector<std::string> known_;
};

}  // namespace rocd
