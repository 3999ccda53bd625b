// http.tokens, http.allowed_origins, http.allowed_hosts: what they say, and what is wrong with
// them.
#include "config/http_access.hpp"

#include <catch2/catch_test_macros.hpp>

#include "config_support.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

const std::string hash_a = TokenHash::of("a").hex();
const std::string hash_b = TokenHash::of("b").hex();
const std::string token = token_text({});

struct WrongAccess {
  const char* what;
  std::string text;                   // under "http:", indented by two
  std::vector<std::string> expected;  // without "rocd.yaml:"
};

void check(const std::vector<WrongAccess>& table) {
  for (const auto& wrong : table) {
    INFO(wrong.what);
    std::vector<std::string> expected;
    for (const auto& line : wrong.expected) expected.push_back("rocd.yaml:" + line);
    CHECK(lines(parse("http:\n" + wrong.text).errors) == expected);
  }
}

}  // namespace

TEST_CASE("tokens, origins and host names are read as they stand") {
  const auto result = parse(
      "http:\n"
      "  listen: 0.0.0.0:4040\n"
      "  tokens:\n"
      "    - { name: alice-phone, role: operator, sha256: " +
      hash_a +
      " }\n"
      "    - name: grafana\n"
      "      role: viewer\n"
      "      sha256: \"" +
      hash_b +
      "\"\n"
      "  allowed_origins: [\"https://audio.example.org\", \"http://localhost:3000\",\n"
      "                    \"capacitor://localhost\", \"http://[::1]:8080\"]\n"
      "  allowed_hosts: [Audio.example.org, box_1]\n");
  CHECK(lines(result.errors) == std::vector<std::string>{});
  const auto& http = result.config.http;
  CHECK(http.listen_host == "0.0.0.0");
  CHECK(http.tokens ==
        std::vector<AccessToken>{{"alice-phone", Role::operator_, TokenHash::of("a")},
                                 {"grafana", Role::viewer, TokenHash::of("b")}});
  CHECK(http.allowed_origins ==
        std::vector<std::string>{"https://audio.example.org", "http://localhost:3000",
                                 "capacitor://localhost", "http://[::1]:8080"});
  CHECK(http.allowed_hosts == std::vector<std::string>{"audio.example.org", "box_1"});
}

TEST_CASE("no token, no origin and no host name is the default") {
  for (const auto* text : {"", "http:\n", "http: { tokens: [], allowed_origins: [] }\n",
                           "http:\n  tokens:\n  allowed_hosts:\n"}) {
    const auto result = parse(text);
    CHECK(lines(result.errors) == std::vector<std::string>{});
    CHECK(result.config.http.tokens.empty());
    CHECK(result.config.http.allowed_origins.empty());
    CHECK(result.config.http.allowed_hosts.empty());
  }
}

TEST_CASE("what is wrong with a token is told with its place") {
  const auto entry = [](const std::string& members) {
    return "  tokens:\n  - {" + members + "}\n";
  };
  const std::string good = "sha256: " + hash_a;
  check({
      {"no entry of a token",
       "  tokens: [abc]\n",
       {"2:12: entry 1 of 'tokens' is text, expected a mapping (KEY: VALUE)"}},
      {"no list", "  tokens: abc\n", {"2:11: 'tokens' is text, expected a list"}},
      {"nothing in it",
       entry(""),
       {"3:5: 'name' is missing, expected whose token this is",
        "3:5: 'role' is missing, expected viewer (reads), operator (streams, volume) or admin "
        "(everything)",
        "3:5: 'sha256' is missing, expected 64 hexadecimal digits, as 'rocctl token new' prints "
        "them"}},
      {"a name with blanks",
       entry("name: a b, role: viewer, " + good),
       {"3:12: 'a b' is not a name, expected 1 to 63 of a-z, 0-9, '_' and '-', beginning with a "
        "letter or digit"}},
      {"an unknown role",
       entry("name: a, role: root, " + good),
       {"3:21: 'role' is 'root', expected viewer, operator or admin"}},
      {"a mistyped role",
       entry("name: a, role: amdin, " + good),
       {"3:21: 'role' is 'amdin', expected viewer, operator or admin, did you mean 'admin'?"}},
      {"a hash too short",
       entry("name: a, role: viewer, sha256: abcdef"),
       {"3:37: 'sha256' is not a hash, expected 64 hexadecimal digits, as 'rocctl token new' "
        "prints them"}},
      {"another hash",
       entry("name: a, role: viewer, sha256: \"" + hash_a + hash_a + "\""),
       {"3:37: 'sha256' is not a hash, expected 64 hexadecimal digits, as 'rocctl token new' "
        "prints them"}},
      {"a member too many",
       entry("name: a, role: viewer, expires: never, " + good),
       {"3:29: unknown key 'expires', expected name, role or sha256"}},
  });
}

TEST_CASE("a name or a token that stands there twice is told with the line of the first") {
  const auto list = [](const std::string& a, const std::string& b) {
    return "  tokens:\n  - { name: a, role: viewer, sha256: " + a + " }\n  - { name: " + b + " }\n";
  };
  check({
      {"a name twice",
       list(hash_a, "a, role: admin, sha256: " + hash_b),
       {"4:13: the name 'a' is already that of the token in line 3"}},
      {"a token twice",
       list(hash_a, "b, role: admin, sha256: " + hash_a),
       {"4:37: this is the token of line 3 again"}},
  });
}

TEST_CASE("more than 64 tokens are refused") {
  std::string text = "http:\n  tokens:\n";
  for (int i = 0; i < 65; ++i) {
    const auto name = "t" + std::to_string(i);
    text += "  - { name: " + name + ", role: viewer, sha256: " + TokenHash::of(name).hex() + " }\n";
  }
  CHECK(lines(parse(text).errors) ==
        std::vector<std::string>{"rocd.yaml:3:3: 'tokens' has 65 entries, expected at most 64"});
}

TEST_CASE("no mistake repeats a token or a hash, wherever in the file it stands") {
  for (const auto& secret : {token, hash_a, token.substr(0, 30)}) {
    for (const std::string before :
         {"http: {tokens: [{name: a, sha256: x, role: ", "http: {tokens: [{? ", "http: {listen: ",
          "http: {unix_socket: ", "? ", "log: {level: ", "http: {allowed_hosts: ['*.",
          "http: {allowed_origins: [", "tools: {roc_send: a/", "ports: {range: ", "state: {dir: ",
          "streams: [{name: s, source: ", "streams: [{name: '%", "endpoints: [{name: a, channels: ",
          "streams: [{name: s, source: a, destination: {media: 'rtp://",
          "streams: [{name: s, source: a, destination: {media: x}, target_latency: ", "name: *",
          "name: !"}) {
      std::string text = before + secret;
      if (before.find('\'') != std::string::npos) text += '\'';
      if (before.starts_with("? ")) text += "\n: admin";
      if (before.ends_with("{? ")) text += " : admin";
      for (auto open = before.rbegin(); open != before.rend(); ++open) {
        if (*open == '{') text += '}';
        if (*open == '[') text += ']';
      }
      INFO(text);
      const auto said = lines(parse(text + "\n").errors);
      CHECK(!said.empty());
      for (const auto& line : said) {
        INFO(line);
        CHECK(line.find(secret) == std::string::npos);
      }
    }
    const auto said =
        lines(parse("", {{"ROCD_HTTP_LISTEN", secret}, {"ROCD_LOG_LEVEL", secret}}).errors);
    REQUIRE(said.size() == 2);
    for (const auto& line : said) CHECK(line.find(secret) == std::string::npos);
    CHECK(said[0].find("'…' is not a listen address") != std::string::npos);
  }
}

TEST_CASE("a token in place of its hash is refused, and never repeated") {
  const std::vector<WrongAccess> table{
      {"as the hash",
       "  tokens:\n  - {name: a, role: viewer, sha256: " + token + "}\n",
       {"3:37: 'sha256' is a token itself, expected its hash; make a new token with 'rocctl token "
        "new', because this one has been written down"}},
      {"as a token",
       "  tokens:\n  - {name: a, role: viewer, token: " + token + "}\n",
       {"3:36: a token itself has no place in this file, expected 'sha256', its hash; 'rocctl "
        "token new' makes both"}},
      {"as the name",
       "  tokens:\n  - {name: " + token + ", role: viewer, sha256: " + hash_a + "}\n",
       {"3:12: 'name' is a token itself, expected whose token this is"}},
      {"as the entry",
       "  tokens:\n  - " + token + "\n",
       {"3:5: entry 1 of 'tokens' is text, expected a mapping (KEY: VALUE)"}},
      {"as the list", "  tokens: " + token + "\n", {"2:11: 'tokens' is text, expected a list"}},
  };
  check(table);
  for (const auto& wrong : table)
    for (const auto& line : lines(parse("http:\n" + wrong.text).errors))
      CHECK(line.find(token) == std::string::npos);
}

TEST_CASE("an origin that no browser sends is told with its place") {
  const auto list = [](const std::string& entry) {
    return "  allowed_origins:\n  - \"" + entry + "\"\n";
  };
  const auto form = [](const std::string& entry) {
    return std::vector<std::string>{"3:5: 'allowed_origins': '" + entry +
                                    "' is not an origin, expected SCHEME://HOST or "
                                    "SCHEME://HOST:PORT such as 'https://audio.example.org'"};
  };
  for (const auto* wrong :
       {"audio.example.org", "https://", "https://a/b", "https://a b", "https://u@a", "://a",
        "https://a:0", "https://a:x", "https://a:", "https://a:70000", "https://[::g]",
        "https://*.example.org", "https://a//"})
    check({{wrong, list(wrong), form(wrong)}});
  check({
      {"all of them",
       list("*"),
       {"3:5: 'allowed_origins': '*' would let every web site in, expected origins one by one"}},
      {"null",
       list("null"),
       {"3:5: 'allowed_origins': 'null' would let every web site in, expected origins one by one"}},
      {"a slash",
       list("https://a.org/"),
       {"3:5: 'allowed_origins': 'https://a.org/' ends with a slash, expected it without, as "
        "browsers send it"}},
      {"capitals",
       list("https://A.org"),
       {"3:5: 'allowed_origins': 'https://A.org' has capitals, expected 'https://a.org', as "
        "browsers send it"}},
      {"its own port",
       list("https://a.org:443"),
       {"3:5: 'allowed_origins': 'https://a.org:443' names the port that https has anyway, "
        "expected it without, as browsers send it"}},
      {"twice",
       "  allowed_origins: [\"https://a\", \"https://a\"]\n",
       {"2:34: 'allowed_origins': 'https://a' stands here twice"}},
      {"no list",
       "  allowed_origins: https://a\n",
       {"2:20: 'allowed_origins' is text, expected a list"}},
      {"no text",
       "  allowed_origins: [[a]]\n",
       {"2:21: an entry of 'allowed_origins' is a list, expected text"}},
  });
}

TEST_CASE("a host that is not a name is told with its place") {
  const auto list = [](const std::string& entry) {
    return "  allowed_hosts:\n  - \"" + entry + "\"\n";
  };
  for (const auto* wrong : {"a.org:80", "https://a.org", "*.a.org", "a..org", "a.org/", "a b"})
    check({{wrong,
            list(wrong),
            {"3:5: 'allowed_hosts': '" + std::string(wrong) +
             "' is not a host name, expected one without scheme and port such as "
             "'audio.example.org'"}}});
  for (const auto* address : {"192.168.1.2", "::1"})
    check({{address,
            list(address),
            {"3:5: 'allowed_hosts': an address is always allowed, expected names only"}}});
}

TEST_CASE("an open address needs tokens, wherever it was given") {
  const std::string reason =
      "'0.0.0.0' is not a loopback address, and there are no access tokens: anybody on the network "
      "could command the daemon; make a token with 'rocctl token new' and put it under "
      "http.tokens, or listen on 127.0.0.1 or [::1]";
  const std::string tokens =
      "http:\n  tokens: [{ name: a, role: viewer, sha256: " + hash_a + " }]\n";
  const Variables open{{"ROCD_HTTP_LISTEN", "0.0.0.0:4040"}};
  CHECK(lines(parse("", open).errors) ==
        std::vector<std::string>{"environment ROCD_HTTP_LISTEN: " + reason});
  CHECK(lines(default_config(FakeEnvironment(open)).errors) ==
        std::vector<std::string>{"environment ROCD_HTTP_LISTEN: " + reason});
  CHECK(parse(tokens, open).errors.empty());
  // The environment wins over the file.
  CHECK(
      parse("http: { listen: 0.0.0.0:4040 }\n", {{"ROCD_HTTP_LISTEN", "[::1]:0"}}).errors.empty());
  // A mistake in the tokens is one mistake.
  CHECK(lines(parse("http:\n  listen: 0.0.0.0:1\n  tokens: x\n").errors) ==
        std::vector<std::string>{"rocd.yaml:3:11: 'tokens' is text, expected a list"});
}
