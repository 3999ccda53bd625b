// Access tokens from their making to their use, by the programs themselves.
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "model/access_token.hpp"
#include "rocctl/program_run.hpp"

namespace rocctl::test {
namespace json = boost::json;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

struct MadeToken {
  std::string token, name, role, sha256;
  [[nodiscard]] std::string entry() const {
    return "    - { name: " + name + ", role: " + role + ", sha256: " + sha256 + " }\n";
  }
};

MadeToken make(const std::vector<std::string>& options) {
  std::vector<std::string> words{"token", "new", "-o", "json"};
  words.insert(words.end(), options.begin(), options.end());
  const auto run = rocctl(words);
  REQUIRE(run.exit == 0);
  const auto value = json::parse(run.out);
  const auto at = [&](const char* name) { return std::string(value.at(name).as_string()); };
  return {at("token"), at("name"), at("role"), at("sha256")};
}

std::string read_all(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("token new makes a token and the entry that knows it") {
  const auto made = make({"--name", "alice-phone", "--role", "operator"});
  CHECK(rocd::is_token(made.token));
  CHECK(made.name == "alice-phone");
  CHECK(made.role == "operator");
  CHECK(made.sha256 == rocd::TokenHash::of(made.token).hex());
  const auto other = make({});
  CHECK(other.token != made.token);
  CHECK(other.role == "viewer");
  CHECK(other.name == "token-" + other.sha256.substr(0, 6));
}

TEST_CASE("token new shows the token once, and an entry that rocd reads") {
  const auto run = rocctl({"token", "new"});
  REQUIRE(run.exit == 0);
  const auto token = run.out.substr(0, run.out.find('\n'));
  REQUIRE(rocd::is_token(token));
  CHECK(run.out.find(token, 1) == std::string::npos);
  CHECK(run.err.empty());
  const auto yaml = run.out.substr(run.out.find("http:\n"));
  const Rocd rocd(yaml.substr(0, yaml.find("\n\n") + 1));
  CHECK(rocctl({"stream", "ls", "--url", rocd.url()}, {"ROCCTL_TOKEN=" + token}).exit == 0);
}

TEST_CASE("token new refuses a name or a role that rocd would not read") {
  CHECK(rocctl({"token", "new", "--name", "a b"}).exit == 2);
  CHECK(rocctl({"token", "new", "--role", "root"}).exit == 2);
  CHECK(rocctl({"token", "new", "-o", "name"}).exit == 2);
}

TEST_CASE("with tokens rocd serves who has one as far as its role goes, and tells no secret") {
  const auto viewer = make({"--name", "grafana"});
  const auto admin = make({"--name", "me", "--role", "admin"});
  const auto stranger = make({});
  const Rocd rocd("log: { level: trace }\nhttp:\n  tokens:\n" + viewer.entry() + admin.entry());
  std::string said;
  const auto ask = [&](std::vector<std::string> words, const std::string& token) {
    words.insert(words.end(), {"--url", rocd.url()});
    auto run = rocctl(words, {"ROCCTL_TOKEN=" + token});
    said += run.out + run.err;
    UNSCOPED_INFO(run.out << run.err);
    return run;
  };
  const std::vector<std::string> list{"stream", "ls"};
  const std::vector<std::string> add{"endpoint", "add", "Den", "--direction", "input"};

  const auto nobody = ask(list, "");
  CHECK(nobody.exit == 1);
  CHECK(contains(nobody.err, "this needs a token, and none was sent (401)"));
  CHECK(contains(nobody.err, "ROCCTL_TOKEN"));
  CHECK(contains(ask(list, stranger.token).err, "the token is not known here (401)"));
  CHECK(contains(ask(list, viewer.sha256).err, "the token is not known here (401)"));
  CHECK(ask(list, viewer.token).exit == 0);
  const auto refused = ask(add, viewer.token);
  CHECK(refused.exit == 1);
  CHECK(contains(refused.err, "the token's role is viewer, and this needs admin (403)"));
  CHECK(ask(add, admin.token).exit == 0);
  CHECK(ask({"endpoint", "set", "Den", "--volume", "-6dB"}, admin.token).exit == 0);
  CHECK(ask({"status"}, admin.token).exit != 1);
  const auto over_socket = rocctl({"endpoint", "ls", "--url", "unix:" + rocd.socket()});
  CHECK(over_socket.exit == 0);
  said += over_socket.out;

  const auto log = read_all(rocd.directory() / "log");
  CHECK(contains(log, "REST API on"));
  for (const auto* made : {&viewer, &admin, &stranger}) {
    for (const auto& secret : {made->token, made->sha256}) {
      CHECK(!contains(log, secret));
      CHECK(!contains(said, secret));
    }
  }
}

TEST_CASE("doctor tells who may not ask, and makes the checks that a role may make") {
  const auto viewer = make({"--name", "grafana"});
  const Rocd rocd("http:\n  tokens:\n" + viewer.entry());
  const auto ask = [&](const std::string& token, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"doctor", "--url", rocd.url()});
    auto run = rocctl(more, {"ROCCTL_TOKEN=" + token});
    UNSCOPED_INFO(run.out << run.err);
    return run;
  };
  for (const auto& wrong : {std::string(), make({}).token}) {
    const auto run = ask(wrong);
    CHECK(run.exit == 1);
    CHECK(contains(run.err, "(401)"));
    CHECK(contains(run.err, "ROCCTL_TOKEN"));
    CHECK(!contains(run.out, "is taken by"));
  }
  const auto run = ask(viewer.token);
  CHECK(run.exit == 3);  // Rocd has no PipeWire
  CHECK(contains(run.out, "ok       rocd"));
  CHECK(contains(run.out, "problem  pipewire"));
  CHECK(contains(run.out, "not looked at: the token's role is viewer"));
  CHECK(contains(run.out, "clock"));
}

TEST_CASE(
    "rocd does not listen where others can reach it without a token, and says how to make one") {
  const auto start = [](const std::string& yaml) {
    try {
      const Rocd rocd(yaml);
      return std::string("it listens");
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
  };
  // Rocd starts it with --listen, which wins; so the address of the file is what is refused here.
  const auto said = start("http: { listen: 0.0.0.0:0, unix_socket: off }\n");
  CHECK(contains(said, "rocd.yaml:1:17: 'listen': '0.0.0.0' is not a loopback address"));
  CHECK(contains(said, "rocctl token new"));
}

}  // namespace rocctl::test
