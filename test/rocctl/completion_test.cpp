// What the shells offer: asked of the program, of the scripts, and typed into the shells
// themselves.
#include "rocctl/completion.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <sstream>

#include "rocctl/fake_daemon.hpp"
#include "rocctl/program_run.hpp"
#include "rocctl/samples.hpp"

namespace rocctl::test {
namespace json = boost::json;

namespace {

using Words = std::vector<std::string>;

// Names that a shell could take for something else.
const Words names{
    "Music to kitchen", "Radio: live", "O'Brien's \"mic\" & $HOME", "Küche", "x=y", "Twin", "Twin"};

class House {
 public:
  House() {
    json::array streams;
    for (const auto& name : names) {
      const std::string six(6, static_cast<char>('a' + streams.size()));
      streams.push_back(stream(six + "-" + six + "-" + six, name));
    }
    auto microphone = endpoint("222222-222222-222222", "Studio microphone", "rocd.mic");
    microphone.as_object()["stream_direction"] = "input";
    daemon_.answer("GET /streams", {json_answer(streams)});
    daemon_.answer(
        "GET /peers/self/endpoints",
        {json_answer(json::array{
            endpoint("111111-111111-111111", "Kitchen speakers", "rocd.kitchen"), microphone})});
  }
  [[nodiscard]] std::string url() const { return daemon_.url(); }

 private:
  FakeDaemon daemon_;
};

// The first line of the answer, then the words without their descriptions.
Words offered(Words words, const std::string& url = "http://127.0.0.1:1") {
  words.insert(words.begin(), "__complete");
  const auto run = rocctl(words, {"ROCCTL_URL=" + url});
  CHECK(run.exit == 0);
  CHECK(run.err.empty());
  Words lines;
  std::istringstream in(run.out);
  for (std::string line; std::getline(in, line);) lines.push_back(line.substr(0, line.find('\t')));
  return lines;
}

bool contains(const Words& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

TEST_CASE("words are understood as the shell will understand them") {
  for (const auto& [typed, meant] :
       std::vector<std::pair<std::string, std::string>>{{"plain", "plain"},
                                                        {"", ""},
                                                        {"Music\\ to", "Music to"},
                                                        {"'Music to", "Music to"},
                                                        {"'Music to'", "Music to"},
                                                        {"\"Music to", "Music to"},
                                                        {"\"a\\\"b\\$c\\d\"", "a\"b$c\\d"},
                                                        {"'a\\b\"c'", "a\\b\"c"},
                                                        {"a'b c'\"d e\"f", "ab cd ef"},
                                                        {"'O'\\''B'", "O'B"},
                                                        {"end\\", "end"}}) {
    INFO(typed);
    CHECK(unquote(typed) == meant);
  }
}

TEST_CASE("nouns, verbs and options are offered") {
  const auto nouns = offered({""});
  CHECK(nouns.front() == "words");
  for (const char* noun : {"status", "endpoint", "stream", "connect", "doctor", "completion"})
    CHECK(contains(nouns, noun));
  CHECK(!contains(nouns, "__complete"));
  CHECK(offered({"str"}) == Words{"words", "stream"});
  CHECK(offered({"endpoint", "s"}) == Words{"words", "show", "set"});
  CHECK(offered({"-o", "json", "stream", "sh"}) == Words{"words", "show"});
  CHECK(offered({"stream", "ls", "--out"}) == Words{"words", "--output"});
  CHECK(offered({"stream", "add", "--tar"}) == Words{"words", "--target-latency"});
  CHECK(offered({"stream", "ls", "--timeout=5s", "--time"}) == Words{"words"});  // is there already
  CHECK(offered({"stream", "ls", "--nonsense="}) == Words{"words"});
  CHECK(offered({"nonsense", ""}).front() == "words");
}

TEST_CASE("values of options are offered") {
  CHECK(offered({"stream", "ls", "-o", ""}) == Words{"words", "table", "json", "yaml", "name"});
  CHECK(offered({"stream", "ls", "--output=y"}) == Words{"words", "--output=yaml"});
  CHECK(offered({"connect", "--profile", ""}) == Words{"words", "low", "balanced", "robust"});
  CHECK(offered({"endpoint", "add", "x", "-d", "in"}) == Words{"words", "input"});
  CHECK(offered({"completion", ""}) == Words{"words", "bash", "zsh"});
  CHECK(offered({"stream", "add", "--file", ""}) == Words{"files"});
  CHECK(offered({"stream", "add", "--repair", ""}) == Words{"words"});
}

TEST_CASE("streams and endpoints are offered by what means them") {
  const House house;
  CHECK(offered({"stream", "show", ""}, house.url()) ==
        Words{"words", "Music to kitchen", "Radio: live", "O'Brien's \"mic\" & $HOME", "Küche",
              "x=y", "ffffff-ffffff-ffffff", "gggggg-gggggg-gggggg"});
  CHECK(offered({"stream", "log", "--lines", "5", "Mu"}, house.url()) ==
        Words{"words", "Music to kitchen"});
  CHECK(offered({"stream", "show", "'Music t"}, house.url()) == Words{"words", "Music to kitchen"});
  CHECK(offered({"stream", "enable", "--wait", "bb"}, house.url()) ==
        Words{"words", "bbbbbb-bbbbbb-bbbbbb"});
  CHECK(offered({"endpoint", "set", "ki"}, house.url()) == Words{"words", "kitchen"});
  CHECK(offered({"endpoint", "set", "rocd."}, house.url()) ==
        Words{"words", "rocd.kitchen", "rocd.mic"});
  CHECK(offered({"stream", "show", "Music\\ to\\ kitchen", ""}, house.url()) == Words{"words"});
  const auto more = offered({"stream", "rm", "Küche", ""}, house.url());
  CHECK(contains(more, "x=y"));
  CHECK(!contains(more, "Küche"));
}

TEST_CASE("what cannot be a source or a destination is not offered as one") {
  const House house;
  CHECK(offered({"connect", ""}, house.url()) == Words{"words", "Kitchen speakers"});
  CHECK(offered({"connect", "rtp://0.0.0.0:0", ""}, house.url()) ==
        Words{"words", "Studio microphone"});
  CHECK(offered({"stream", "set", "x", "--destination", ""}, house.url()) ==
        Words{"words", "Studio microphone"});
}

TEST_CASE("without a daemon there are no names, and nothing is said") {
  CHECK(offered({"stream", "show", ""}) == Words{"words"});
  const House house;
  CHECK(offered({"--url", "http://127.0.0.1:1", "stream", "show", ""}, house.url()) ==
        Words{"words"});
  CHECK(offered({"--url=" + house.url(), "stream", "show", "Mu"}) ==
        Words{"words", "Music to kitchen"});
  FakeDaemon silent;
  silent.answer("GET /streams", {{.silent = true}});
  CHECK(offered({"stream", "show", ""}, silent.url()) == Words{"words"});
}

TEST_CASE("the script of bash fills COMPREPLY") {
  const House house;
  const auto reply = [&](const std::string& words, int at) {
    const auto script = "source <(rocctl completion bash)\nCOMP_WORDS=(" + words +
                        ")\nCOMP_CWORD=" + std::to_string(at) +
                        "\n_rocctl\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
    const auto run = bash(script, {"ROCCTL_URL=" + house.url(), "LC_ALL=C.UTF-8"});
    UNSCOPED_INFO(run.err);
    return run.out;
  };
  CHECK(reply("rocctl str", 1) == "stream\n");
  CHECK(reply("rocctl stream show ''", 3).starts_with("Music\\ to\\ kitchen\nRadio:\\ live\n"));
  CHECK(reply("rocctl stream ls --output = j", 5) == "json\n");
  CHECK(reply("rocctl stream show x =", 4) == "y\n");
}

TEST_CASE("typed into a shell, a name becomes the word that means it") {
  const std::string shell = GENERATE("bash", "zsh");
  INFO(shell);
  const House house;
  const bool is_bash = shell == "bash";
  Shell session(is_bash ? Words{"/bin/bash", "--norc", "--noprofile", "-i"}
                        : Words{"/usr/bin/zsh", "-f", "-i"},
                {"ROCCTL_URL=" + house.url(), "LC_ALL=C.UTF-8", "TERM=dumb", "INPUTRC=/dev/null",
                 "PATH=" ROCD_BIN_DIR ":/usr/bin:/bin"});
  // Shows what rocctl is called with.
  std::string set_up =
      "rocctl() { [ \"$1\" = __complete ] && { command rocctl \"$@\"; return; }; "
      "printf '<%s>' \"$@\"; echo ''; }\n";
  if (!is_bash) set_up += "autoload -Uz compinit; compinit -u -d ~/dump\n";
  set_up += "source <(command rocctl completion " + shell + ")\necho set\\ up\n";
  REQUIRE(session.type(set_up, "\nset up").find("\nset up") != std::string::npos);
  for (const auto& [keys, words] : std::vector<std::pair<std::string, std::string>>{
           {"stream show Mu\t", "<stream><show><Music to kitchen>"},
           {"stream show 'Mu\t", "<stream><show><Music to kitchen>"},
           {"stream show \"Mu\t", "<stream><show><Music to kitchen>"},
           {"stream show Music\\ t\t", "<stream><show><Music to kitchen>"},
           {"stream show Rad\t", "<stream><show><Radio: live>"},
           {"stream show Radio:\\ l\t", "<stream><show><Radio: live>"},
           {"stream show O\t", "<stream><show><O'Brien's \"mic\" & $HOME>"},
           {"stream show K\t", "<stream><show><Küche>"},
           {"stream show x\t", "<stream><show><x=y>"},
           {"stream show ff\t", "<stream><show><ffffff-ffffff-ffffff>"},
           {"stream ls --output=y\t", "<stream><ls><--output=yaml>"},
           {"stream add --file /etc/hostn\t", "<stream><add><--file></etc/hostname>"}}) {
    INFO(keys);
    const auto seen = session.type("rocctl " + keys + "\n", words);
    INFO(seen);
    REQUIRE(seen.find(words) != std::string::npos);
  }
}

}  // namespace rocctl::test
