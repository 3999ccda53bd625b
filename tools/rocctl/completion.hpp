// What may stand next on a command line, for the shells' completion. The command line itself tells:
// nouns, verbs, options, and of what kind each value is. (pure but for the scripts)
#pragma once

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace rocctl {

struct Candidate {
  std::string word, description;
  friend bool operator==(const Candidate&, const Candidate&) = default;
};

struct Completion {
  bool files = false;  // names of files, which the shell knows better
  std::vector<Candidate> words{};
};

// "stream" or "endpoint": what the daemon has; empty if it does not answer soon.
using Resources = std::function<boost::json::array(const std::string& kind)>;

// words: after the name of the program, as typed, with quotes; the last one is to be completed.
[[nodiscard]] Completion complete(const CLI::App& app, const std::vector<std::string>& words,
                                  const Resources& resources);

// "words" or "files" on the first line, then a candidate on each, a tab, and its description.
[[nodiscard]] std::string completion_text(const Completion& completion);

// A word as a shell understands it: without quotes and backslashes, closed or not.
[[nodiscard]] std::string unquote(std::string_view word);

[[nodiscard]] std::string_view completion_script_bash();
[[nodiscard]] std::string_view completion_script_zsh();

}  // namespace rocctl
