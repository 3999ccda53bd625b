#include "rocctl/completion.hpp"

#include <algorithm>
#include <optional>

#include "rocctl/json_access.hpp"
#include "rocctl/resolve.hpp"
#include "rocctl/text.hpp"

namespace rocctl {
namespace json = boost::json;
namespace {

using AllApps = std::vector<const CLI::App*>;
const auto any_app = [](const CLI::App*) { return true; };
const auto any_option = [](const CLI::Option*) { return true; };

bool is_option(const std::string& word) {
  return word.size() > 1 && word[0] == '-';
}

// What help calls its value: "STREAM", "FILE", "low|balanced|robust".
std::string kind_of(const CLI::Option& option) {
  const auto type = option.get_type_name();
  const auto kind = type.substr(0, type.find(':'));  // validators say more after it
  return kind != "TEXT" ? kind : option.get_positional() ? option.get_name() : "";
}

const CLI::App* subcommand(const CLI::App& level, const std::string& name) {
  for (const auto* each : level.get_subcommands(any_app))
    if (each->get_name() == name) return each;
  return nullptr;
}

// Where the last word stands: what has been chosen before it.
class Place {
 public:
  Place(const CLI::App& app, const std::vector<std::string>& words) : level_(&app) {
    for (std::size_t i = 0; i + 1 < words.size(); ++i) take(words[i]);
  }

  [[nodiscard]] const CLI::App& level() const { return *level_; }
  [[nodiscard]] const CLI::Option* awaited() const { return awaited_; }  // an option's value
  [[nodiscard]] bool takes_options() const { return !after_dashes_; }
  [[nodiscard]] bool is_used(const std::string& word) const {
    return std::find(used_.begin(), used_.end(), word) != used_.end();
  }

  // Those of the command, then those of `rocctl` itself.
  [[nodiscard]] std::vector<const CLI::Option*> options() const {
    std::vector<const CLI::Option*> all;
    for (const auto* app = level_; app != nullptr; app = app->get_parent())
      for (const auto* option : app->get_options(any_option))
        if (!option->get_positional()) all.push_back(option);
    return all;
  }

  [[nodiscard]] const CLI::Option* find(const std::string& word) const {
    const auto name = word.substr(0, word.find('='));
    for (const auto* option : options())
      if (option->check_name(name)) return option;
    return nullptr;
  }

  [[nodiscard]] const CLI::Option* positional() const {
    const CLI::Option* last = nullptr;
    std::size_t index = 0;
    for (const auto* option : level_->get_options(any_option)) {
      if (!option->get_positional()) continue;
      if (index++ == positionals_) return option;
      last = option;
    }
    return last != nullptr && last->get_items_expected_max() > 1 ? last : nullptr;
  }

 private:
  void take(const std::string& word) {
    used_.push_back(word.substr(0, is_option(word) ? word.find('=') : std::string::npos));
    if (awaited_ != nullptr) {
      awaited_ = nullptr;
    } else if (!after_dashes_ && word == "--") {
      after_dashes_ = true;
    } else if (!after_dashes_ && is_option(word)) {
      const bool has_value = word.find('=') != std::string::npos ||
                             (word[1] != '-' && word.size() > 2) || word == "--wait";
      const auto* option = has_value ? nullptr : find(word);
      if (option != nullptr && option->get_items_expected_max() > 0) awaited_ = option;
    } else if (const auto* next = subcommand(*level_, word)) {
      level_ = next;
      positionals_ = 0;
    } else {
      ++positionals_;
    }
  }

  const CLI::App* level_;
  const CLI::Option* awaited_ = nullptr;
  std::size_t positionals_ = 0;
  bool after_dashes_ = false;
  std::vector<std::string> used_;
};

// A virtual output is a source and a virtual input a destination; of the system's, an output is
// both (through its monitor), an input a source.
bool suits(const json::value& endpoint, const std::string& side) {
  const auto direction = text_at(endpoint, "/stream_direction");
  const bool is_virtual = text_at(endpoint, "/endpoint_type") == "streaming_device";
  if (direction == "duplex") return true;
  if (side == "SOURCE") return !is_virtual || direction == "output";
  if (side == "DESTINATION") return direction == (is_virtual ? "input" : "output");
  return true;
}

std::string about(const json::value& item, const std::string& kind) {
  if (kind == "stream")
    return text_at(item, "/status/state") + ", " + text_at(item, "/status/health/overall");
  return text_at(item, "/stream_direction") + ", " + text_at(item, "/system_name");
}

// Names; where what is typed begins none, uids and system names.
std::vector<Candidate> named(const json::array& items, const std::string& kind,
                             const std::string& value_kind, const std::string& typed) {
  std::vector<Candidate> names, others;
  for (const auto& item : items) {
    if (!suits(item, value_kind)) continue;
    const auto word = word_for(item, items, kind);
    if (word.starts_with(typed)) names.push_back({word, about(item, kind)});
    const auto system = text_at(item, "/system_name");
    for (const auto& other : {text_at(item, "/" + kind + "_uid"), system,
                              system.starts_with("rocd.") ? system.substr(5) : std::string()})
      if (!other.empty() && !typed.empty() && other != word && other.starts_with(typed))
        others.push_back({other, flat(text_at(item, "/display_name"))});
  }
  return names.empty() ? others : names;
}

Completion values(const CLI::Option& option, const std::string& typed, const Resources& resources) {
  const auto kind = kind_of(option);
  if (kind == "FILE") return {.files = true};
  if (kind == "STREAM") return {.words = named(resources("stream"), "stream", kind, typed)};
  if (kind == "ENDPOINT" || kind == "SOURCE" || kind == "DESTINATION")
    return {.words = named(resources("endpoint"), "endpoint", kind, typed)};
  Completion completion;
  if (kind.find('|') == std::string::npos) return completion;
  std::string_view rest = kind;
  for (;;) {
    const auto end = std::min(rest.find('|'), rest.size());
    if (rest.substr(0, end).starts_with(typed))
      completion.words.push_back({std::string(rest.substr(0, end)), ""});
    if (end == rest.size()) return completion;
    rest.remove_prefix(end + 1);
  }
}

Completion option_names(const Place& place, const std::string& typed) {
  Completion completion;
  for (const auto* option : place.options()) {
    for (const auto& name : option->get_lnames()) {
      const auto word = "--" + name;
      const bool known = std::any_of(completion.words.begin(), completion.words.end(),
                                     [&](const Candidate& each) { return each.word == word; });
      if (word.starts_with(typed) && !known && !place.is_used(word))
        completion.words.push_back({word, option->get_description()});
    }
  }
  return completion;
}

}  // namespace

Completion complete(const CLI::App& app, const std::vector<std::string>& words,
                    const Resources& resources) {
  std::vector<std::string> plain;
  for (const auto& word : words) plain.push_back(unquote(word));
  const Place place(app, plain);
  const auto typed = plain.empty() ? std::string() : plain.back();
  if (place.awaited() != nullptr) return values(*place.awaited(), typed, resources);
  if (typed.starts_with('-') && place.takes_options()) {
    const auto equals = typed.find('=');
    if (equals == std::string::npos) return option_names(place, typed);
    const auto* option = place.find(typed);
    if (option == nullptr) return {};
    auto completion = values(*option, typed.substr(equals + 1), resources);
    for (auto& each : completion.words) each.word = typed.substr(0, equals + 1) + each.word;
    return completion;
  }
  Completion completion;
  for (const auto* each : place.level().get_subcommands(any_app))
    if (each->get_name().starts_with(typed))
      completion.words.push_back({each->get_name(), each->get_description()});
  if (!completion.words.empty()) return completion;
  if (const auto* positional = place.positional()) {
    completion = values(*positional, typed, resources);
    std::erase_if(completion.words, [&](const auto& each) { return place.is_used(each.word); });
  }
  return completion;
}

std::string completion_text(const Completion& completion) {
  std::string text = completion.files ? "files\n" : "words\n";
  for (const auto& [word, description] : completion.words) {
    auto line = flat(description);
    std::replace(line.begin(), line.end(), '\t', ' ');
    text += word + "\t" + line + "\n";
  }
  return text;
}

std::string unquote(std::string_view word) {
  std::string out;
  char quote = 0;
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    const bool escapes =
        quote == 0 || (quote == '"' && i + 1 < word.size() &&
                       std::string_view("\"\\$`").find(word[i + 1]) != std::string_view::npos);
    if (quote != 0 && c == quote)
      quote = 0;
    else if (quote == 0 && (c == '\'' || c == '"'))
      quote = c;
    else if (c == '\\' && escapes && i + 1 < word.size())
      out += word[++i];
    else if (c != '\\' || quote != 0)
      out += c;
  }
  return out;
}

}  // namespace rocctl
