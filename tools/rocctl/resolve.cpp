#include "rocctl/resolve.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "model/object_reader.hpp"
#include "rocctl/json_access.hpp"
#include "rocctl/text.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

constexpr std::size_t most_listed = 8;

struct Names {
  std::string uid, uri, display;
  std::vector<std::string> all;
};

Names names_of(const json::value& item, const std::string& kind) {
  Names names{text_at(item, "/" + kind + "_uid"),
              text_at(item, "/" + kind + "_uri"),
              text_at(item, "/display_name"),
              {}};
  auto system = text_at(item, "/system_name");
  names.all = {names.display, system};
  if (system.starts_with("rocd.")) names.all.push_back(system.substr(5));
  std::erase(names.all, std::string());
  return names;
}

std::string in_lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string listing(const std::vector<Names>& names) {
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), most_listed); ++i)
    out += (i == 0 ? "" : ", ") + ("'" + names[i].display + "'") + " (" + names[i].uid + ")";
  if (names.size() > most_listed)
    out += " and " + std::to_string(names.size() - most_listed) + " more";
  return out;
}

Failure not_found(std::string_view word, const std::vector<Names>& names, const std::string& kind) {
  Failure failure{.message = "there is no " + kind + " '" + std::string(word) + "'"};
  std::vector<std::string_view> known;
  for (const auto& each : names) known.insert(known.end(), each.all.begin(), each.all.end());
  if (const auto similar = rocd::closest(word, known); !similar.empty())
    failure.hint = "did you mean '" + std::string(similar) + "'?";
  else if (names.empty())
    failure.hint = "there is none at all";
  else
    failure.hint = "there are: " + listing(names);
  return failure;
}

Failure ambiguous(std::string_view word, const std::vector<Names>& matches,
                  const std::string& kind) {
  Failure failure{.message = "'" + std::string(word) + "' may mean several " + kind + "s",
                  .hint = "use more of the uid"};
  for (const auto& each : matches) failure.fields.push_back({each.uid, each.display});
  return failure;
}

}  // namespace

Outcome<json::value> resolve(std::string_view word, const json::array& items,
                             const std::string& kind) {
  if (word.empty()) return usage_failure("the name of the " + kind + " is empty");
  std::vector<Names> names;
  for (const auto& item : items) names.push_back(names_of(item, kind));

  const auto has_name = [](const Names& each, auto&& test) {
    return std::any_of(each.all.begin(), each.all.end(), test);
  };
  const auto folded = in_lower_case(word);
  const std::function<bool(const Names&)> rules[] = {
      [&](const Names& each) { return each.uid == word || each.uri == word; },
      [&](const Names& each) {
        return has_name(each, [&](const std::string& name) { return name == word; });
      },
      [&](const Names& each) { return each.uid.starts_with(word); },
      [&](const Names& each) {
        return has_name(each,
                        [&](const std::string& name) { return in_lower_case(name) == folded; });
      }};
  for (const auto& rule : rules) {
    std::vector<Names> matches;
    std::size_t found = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!rule(names[i])) continue;
      matches.push_back(names[i]);
      found = i;
    }
    if (matches.size() == 1) return items[found];
    if (!matches.empty()) return ambiguous(word, matches, kind);
  }
  return not_found(word, names, kind);
}

std::string word_for(const json::value& item, const json::array& items, const std::string& kind) {
  auto uid = text_at(item, "/" + kind + "_uid");
  const auto name = text_at(item, "/display_name");
  // An option, an address, or several lines, it could not be typed.
  if (name.empty() || name.starts_with('-') || name.find("://") != std::string::npos ||
      flat(name) != name)
    return uid;
  const auto found = resolve(name, items, kind);
  return found && text_at(*found, "/" + kind + "_uid") == uid ? name : uid;
}

}  // namespace rocctl
