#include "config/yaml_document.hpp"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <array>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include "config/map_reader.hpp"
#include "config/text.hpp"

namespace rocd {
namespace {

constexpr std::string_view unclosed_quote = "illegal document indicator in scalar";

// What yaml-cpp says, and what to do about it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> explanations{{
    {"illegal map value", "':' cannot stand here: wrong indentation, or text that needs quotes"},
    {"end of map not found",
     "expected another KEY: VALUE: wrong indentation, or text that needs quotes"},
    {"end of sequence not found", "wrong indentation, expected another '- ' of the list above"},
    {"end of map flow not found", "'{' is not closed, expected '}'"},
    {"end of sequence flow not found", "'[' is not closed, expected ']'"},
    {"illegal tab when looking for indentation", "a tab in the indentation, expected spaces"},
    {"illegal document indicator in scalar", "a quote is not closed"},
    {"illegal EOF in scalar", "a quote is not closed"},
    {"the referenced anchor is not defined", "'*' names an anchor that no '&' defines before it"},
    {"unknown token", "this character cannot begin text, expected quotes around it"},
    {"illegal block entry", "'- ' cannot stand here, expected it on a line of its own"},
    {"illegal flow end", "a closing bracket without its opening one"},
    {"illegal map key", "a key cannot stand here: wrong indentation"},
    {"bad file", "nested too deeply"},
}};

// Follows a parse and keeps only where each document has its content.
class DocumentStarts final : public YAML::EventHandler {
 public:
  std::vector<YAML::Mark> contents;

  void OnDocumentStart(const YAML::Mark&) override { awaited_ = true; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { note(mark); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { note(mark); }
  void OnScalar(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                const std::string&) override {
    note(mark);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    note(mark);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    note(mark);
  }
  void OnMapEnd() override {}

 private:
  void note(const YAML::Mark& mark) {
    if (std::exchange(awaited_, false)) contents.push_back(mark);
  }
  bool awaited_ = false;
};

// yaml-cpp takes broken UTF-8 for U+FFFD and a byte 4 for the end of the file.
bool check_characters(std::string_view text, Mistakes& mistakes) {
  const auto bad = find_bad_character(text, true);
  if (!bad) return true;
  const auto before = text.substr(0, bad->offset);
  const auto line_start = before.rfind('\n') + 1;  // 0 if there is none
  mistakes.add({static_cast<int>(std::count(before.begin(), before.end(), '\n')) + 1,
                static_cast<int>(bad->offset - line_start) + 1},
               bad->what + ", expected UTF-8 text");
  return false;
}

// yaml-cpp may stumble only at the end marker that parse_yaml() adds.
YamlPlace place_within(std::string_view text, const YAML::Mark& mark) {
  const auto content = text.substr(0, text.find_last_not_of("\r\n") + 1);
  const auto lines = static_cast<int>(std::count(content.begin(), content.end(), '\n'));
  if (mark.line <= lines) return {mark.line + 1, mark.column + 1};
  return {lines + 1, static_cast<int>(content.size() - (content.rfind('\n') + 1)) + 1};
}

// The first tab in the indentation up to `line` (from 0), where yaml-cpp stumbled because of it.
std::optional<YamlPlace> find_indenting_tab(std::string_view text, int line) {
  for (int number = 0; number <= line && !text.empty(); ++number) {
    const auto current = text.substr(0, text.find('\n'));
    const auto content = current.find_first_not_of(" \t\r");
    const auto tab = current.find('\t');
    if (content != std::string_view::npos && current[content] != '#' && tab < content)
      return YamlPlace{number + 1, static_cast<int>(tab) + 1};
    text.remove_prefix(std::min(current.size() + 1, text.size()));
  }
  return std::nullopt;
}

// Where its content is. Looks no further: how many there are may have no end.
std::optional<YAML::Mark> find_second_document(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts starts;
  if (!parser.HandleNextDocument(starts) || !parser.HandleNextDocument(starts)) return std::nullopt;
  return starts.contents.at(1);
}

char character_at(std::string_view text, YamlPlace place) {
  for (int line = 1; line < place.line; ++line)
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  const auto index = static_cast<std::size_t>(place.column) - 1;
  return index < text.size() ? text[index] : '\0';
}

// Anchors may make cycles: each place is looked at once.
void find_last_quoted(const YAML::Node& node, std::set<int>& seen, YAML::Mark& last) {
  const auto mark = node.Mark();
  if (node.IsScalar()) {
    if (node.Tag() == "!" && mark.pos >= last.pos) last = mark;
    return;
  }
  if (!seen.insert(mark.pos).second) return;
  for (const auto& child : node) {
    if (node.IsSequence()) {
      find_last_quoted(child, seen, last);
    } else {
      find_last_quoted(child.first, seen, last);
      find_last_quoted(child.second, seen, last);
    }
  }
}

// Where the quote was opened: without the end marker, yaml-cpp reads it up to the end of the file.
YAML::Mark find_unclosed_quote(const std::string& text, const YAML::Mark& otherwise) {
  YAML::Mark last;
  last.pos = -1;
  try {
    std::set<int> seen;
    find_last_quoted(YAML::Load(text), seen, last);
  } catch (const YAML::Exception&) {
    return otherwise;
  }
  return last.pos >= 0 ? last : otherwise;
}

void explain(const YAML::Exception& error, const std::string& text, Mistakes& mistakes) {
  if (const auto tab = find_indenting_tab(text, error.mark.line))
    return mistakes.add(*tab, "a tab in the indentation, expected spaces");
  std::string reason = "not YAML: " + error.msg;
  for (const auto& [said, explanation] : explanations)
    if (error.msg.starts_with(said)) reason = explanation;  // 0.8 adds the name of an anchor
  const auto mark =
      error.msg == unclosed_quote ? find_unclosed_quote(text, error.mark) : error.mark;
  mistakes.add(place_within(text, mark), std::move(reason));
}

}  // namespace

std::optional<YAML::Node> parse_yaml(const std::string& text, Mistakes& mistakes) {
  if (!check_characters(text, mistakes)) return std::nullopt;
  try {
    // With the end marker a quote that is not closed is an error; without it, yaml-cpp 0.7 takes
    // the rest of the file for the text.
    const auto ended = text + "\n...\n";
    if (const auto second = find_second_document(ended)) {
      const auto place = place_within(text, *second);
      // Nothing takes a comma that is in no list: yaml-cpp makes empty documents of it, for ever.
      mistakes.add(place, character_at(text, place) == ','
                              ? "',' cannot stand here, expected KEY: VALUE"
                              : "a second document, expected one ('---' only once)");
      return std::nullopt;
    }
    return YAML::Load(ended);
  } catch (const YAML::Exception& error) {
    explain(error, text, mistakes);
  }
  return std::nullopt;
}

}  // namespace rocd
