// What rocd says, and how it exits, when it cannot or shall not run.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <filesystem>

#include "e2e/scene.hpp"

using namespace rocd::test;
using Catch::Matchers::ContainsSubstring;

namespace {

class OccupiedPort {
 public:
  OccupiedPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size);
    ::listen(fd_, 1);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~OccupiedPort() { ::close(fd_); }
  OccupiedPort(const OccupiedPort&) = delete;
  OccupiedPort& operator=(const OccupiedPort&) = delete;
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_;
  int port_ = 0;
};

// As a shell would start it with these redirections: "3>&- >/dev/full".
Finished run_redirected(std::vector<std::string> argv, const std::string& redirections) {
  argv.insert(argv.begin(), {"sh", "-c", "exec \"$0\" \"$@\" " + redirections});
  return run_program(argv, 10s);
}

}  // namespace

TEST_CASE("rocd --check judges a configuration without running anything", "[e2e]") {
  const TempDirectory directory;
  const auto file = directory.path() / "rocd.yaml";
  const auto check = [&] {
    return run_program(
        {rocd_program(), "--check", "--config", file, "--state-dir", directory.path() / "state"});
  };
  SECTION("a valid one") {
    write_file(file, loopback_config());
    const auto finished = check();
    CHECK(finished.end == "exit 0");
    CHECK_THAT(finished.output, ContainsSubstring("2 endpoints, 2 streams"));
  }
  SECTION("the example that comes with rocd") {
    write_file(file, read_file(ROCD_SOURCE_DIR "/config/rocd.yaml"));
    CHECK(check().end == "exit 0");
  }
  SECTION("one with mistakes: every one of them, with its place") {
    write_file(file,
               "endpoints:\n  - { name: speaker, direction: sideways }\n"
               "streams:\n  - { name: send, source: nowhere, destination: {} }\n");
    const auto finished = check();
    CHECK(finished.end == "exit 2");
    CHECK_THAT(finished.output, ContainsSubstring(file.string() + ":2:"));
    CHECK_THAT(finished.output, ContainsSubstring(file.string() + ":4:"));
    CHECK_THAT(finished.output, ContainsSubstring("sideways"));
    CHECK_THAT(finished.output, ContainsSubstring("nowhere"));
  }
  SECTION("one that is not there") {
    const auto finished = check();
    CHECK(finished.end == "exit 2");
    CHECK_THAT(finished.output, ContainsSubstring(file.string()));
  }
  CHECK_FALSE(std::filesystem::exists(directory.path() / "state"));
}

TEST_CASE("rocd refuses a --ready-fd that nobody passed on, before it opens files of its own",
          "[e2e]") {
  const TempDirectory directory;
  const auto state = directory.path() / "state";
  const auto config = directory.path() / "rocd.yaml";
  write_file(config, "http: { unix_socket: off }\n");
  const auto start = [&](const std::string& redirection) {
    return run_redirected({rocd_program(), "--config", config, "--listen", "127.0.0.1:0",
                           "--state-dir", state, "--ready-fd", "3"},
                          redirection);
  };
  const auto closed = start("3>&-");
  CHECK(closed.end == "exit 2");
  CHECK_THAT(closed.output, ContainsSubstring("descriptor 3 is not open"));
  CHECK_THAT(closed.output, ContainsSubstring("--ready-fd"));
  const auto read_only = start("3</dev/null");
  CHECK(read_only.end == "exit 2");
  CHECK_THAT(read_only.output, ContainsSubstring("descriptor 3 is read-only"));
  CHECK_FALSE(std::filesystem::exists(state));
}

TEST_CASE("rocd says what is wrong with an empty file or directory name", "[e2e]") {
  const auto config = run_program({rocd_program(), "--check", "--config", ""});
  CHECK(config.end == "exit 2");
  CHECK_THAT(config.output, ContainsSubstring("--config: this is empty, expected a file"));
  const auto state = run_program({rocd_program(), "--check", "--state-dir", ""});
  CHECK(state.end == "exit 2");
  CHECK_THAT(state.output, ContainsSubstring("--state-dir: this is empty, expected a directory"));
}

TEST_CASE("rocd fails with the reason when its answer cannot be written", "[e2e]") {
  for (const auto* option : {"--check", "--help"}) {
    INFO(option);
    const auto finished = run_redirected(
        {rocd_program(), option, "--config", ROCD_SOURCE_DIR "/config/rocd.yaml"}, ">/dev/full");
    CHECK(finished.end == "exit 1");
    CHECK(finished.output == "rocd: cannot write the output: No space left on device\n");
  }
}

TEST_CASE("rocd does not start when its port is taken, and says so", "[e2e]") {
  const OccupiedPort port;
  const TempDirectory directory;
  const auto config = directory.path() / "rocd.yaml";
  write_file(config, "http: { unix_socket: off }\n");
  const auto finished = run_program({rocd_program(), "--config", config, "--listen", port.address(),
                                     "--state-dir", directory.path() / "state"},
                                    10s);
  CHECK(finished.end == "exit 1");
  CHECK_THAT(finished.output, ContainsSubstring(port.address()));
  CHECK_THAT(finished.output, ContainsSubstring("in use"));
}

TEST_CASE("rocd does not start where others can reach it without a token, and says what to do",
          "[e2e]") {
  const TempDirectory directory;
  for (const auto* address : {"0.0.0.0:0", "[::]:0"}) {
    const auto finished = run_program(
        {rocd_program(), "--listen", address, "--state-dir", directory.path() / "state"}, 10s);
    CHECK(finished.end == "exit 2");
    CHECK_THAT(finished.output, ContainsSubstring("is not a loopback address"));
    CHECK_THAT(finished.output, ContainsSubstring("--listen"));
    CHECK_THAT(finished.output, ContainsSubstring("rocctl token new"));
  }
  CHECK_FALSE(std::filesystem::exists(directory.path() / "state"));
}

TEST_CASE("without tools rocd runs, is not ready, and its streams say what they wait for",
          "[e2e]") {
  Scene scene("tools: { roc_send: /nonexistent/roc-send, roc_recv: /nonexistent/roc-recv }\n" +
              loopback_config());
  auto& rocd = scene.rocd();
  rocd.wait_for_endpoint("rocd.speaker");
  const auto says_why = [&](const std::string& stream, const std::string& tool) {
    return eventually([&] {
      const auto status = rocd.stream(stream).at("status").as_object();
      return status.at("state") == "waiting" &&
             status.at("message").as_string().find(tool) != boost::json::string::npos;
    });
  };
  CHECK(says_why("send", "roc-send"));
  CHECK(says_why("receive", "roc-recv"));
  INFO(boost::json::serialize(rocd.http().get("/streams")));
  const auto ready = rocd.http().request("GET", "/readyz");
  CHECK(ready.status == 503);
  CHECK_THAT(ready.body, ContainsSubstring("roc-send"));
  CHECK(rocd.http().request("GET", "/healthz").status == 200);
}
