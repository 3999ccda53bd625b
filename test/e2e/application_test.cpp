// Applications that start a rocd of their own and talk REST to it, as Roc Cast does.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>
#include <sstream>

#include "e2e/scene.hpp"

using namespace rocd::test;
using Catch::Matchers::ContainsSubstring;

namespace {

// programs/application.cpp: it starts its rocd from a thread that has ended when this is built.
class Application {
 public:
  Application(const Scene& scene, const std::string& name, const std::string& state)
      : log_(scene.path(name + ".log")),
        said_(scene.path(name + ".said")),
        process_({.argv = {ROCD_BIN_DIR "/rocd_test_application", rocd_program(), "--config",
                           scene.config(), "--listen", "127.0.0.1:0", "--ready-fd", "3",
                           "--exit-with-parent", "--state-dir", scene.path(state)},
                  .output = said_,
                  .errors = log_}) {
    if (!eventually([&] { return read_file(said_).ends_with('\n'); }))
      throw std::runtime_error("rocd neither gets ready nor ends:\n" + log());
    std::istringstream(read_file(said_)) >> rocd_ >> url_;
  }
  // Not before its rocd has ended, which ends its children first: who counts the processes of the
  // session afterwards finds none of them.
  ~Application() {
    process_.signal(SIGTERM);
    if (url_ != "ended") CHECK(eventually([&] { return !process_runs(rocd_); }));
  }
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;

  [[nodiscard]] Process& process() { return process_; }
  [[nodiscard]] int rocd() const { return rocd_; }
  [[nodiscard]] std::string url() const { return url_; }  // or "ended"
  [[nodiscard]] HttpClient http() const { return HttpClient(url_); }
  [[nodiscard]] std::string log() const { return read_file(log_); }

 private:
  std::filesystem::path log_, said_;
  Process process_;
  int rocd_ = -1;
  std::string url_;
};

std::string make_speaker(const Application& application, const std::string& name) {
  const auto made =
      application.http().post("/peers/self/endpoints", {{"endpoint_type", "streaming_device"},
                                                        {"stream_direction", "output"},
                                                        {"display_name", name},
                                                        {"system_name", "rocd." + name}});
  return std::string(made.at("endpoint_uri").as_string());
}

}  // namespace

TEST_CASE("rocd outlives the thread that started it, but not the application", "[e2e]") {
  const int signal = GENERATE(SIGTERM, SIGKILL);
  Scene scene(std::nullopt);
  scene.write_config(loopback_config());
  std::string speaker;
  {
    Application application(scene, "application", "state");
    INFO(application.log());
    REQUIRE(application.url().starts_with("http://127.0.0.1:"));
    REQUIRE(eventually([&] { return roc_processes(scene.session.directory()).size() == 2; }));
    speaker = make_speaker(application, "cast");
    REQUIRE(eventually([&] { return has_node(scene.session, "rocd.cast"); }));

    application.process().signal(signal);
    CHECK(application.process().wait() == (signal == SIGKILL ? "signal 9" : "exit 0"));
    CHECK(eventually([&] { return !process_runs(application.rocd()); }, 6s));
    CHECK_THAT(application.log(), ContainsSubstring("the process that started rocd has ended"));
    CHECK_THAT(application.log(), ContainsSubstring("stopped"));
    CHECK(roc_processes(scene.session.directory()) == std::vector<int>{});
    CHECK(eventually([&] { return rocd_nodes(scene.session).empty(); }, 6s));
    CHECK_THROWS(application.http().request("GET", "/healthz"));
  }
  scene.start_rocd();
  CHECK(scene.rocd().http().get(speaker).at("display_name").as_string() == "cast");
}

TEST_CASE("two applications have a rocd each, beside one that runs for the user", "[e2e]") {
  Scene scene(std::nullopt);
  const auto socket = scene.session.directory() / "rocd.sock";
  scene.write_config("http: { unix_socket: " + socket.string() + " }\n");
  scene.start_rocd();
  REQUIRE(std::filesystem::exists(socket));
  scene.write_config("name: of an application\n");
  const Application one(scene, "one", "state-one");
  const Application other(scene, "other", "state-other");
  INFO(one.log() << other.log());
  REQUIRE(one.url() != "ended");
  REQUIRE(other.url() != "ended");
  CHECK(one.url() != other.url());
  make_speaker(one, "one");
  make_speaker(other, "other");
  CHECK(eventually([&] {
    return has_node(scene.session, "rocd.one") && has_node(scene.session, "rocd.other");
  }));
  CHECK(one.http().get("/peers/self").at("peer_uid") !=
        other.http().get("/peers/self").at("peer_uid"));
}

TEST_CASE("a second application with the same state directory reads nothing but the end", "[e2e]") {
  Scene scene(std::nullopt);
  scene.write_config("name: shared\n");
  const Application first(scene, "first", "state");
  REQUIRE(first.url() != "ended");
  const Application second(scene, "second", "state");
  CHECK(second.url() == "ended");
  CHECK_THAT(second.log(), ContainsSubstring("another rocd (pid " + std::to_string(first.rocd())));
  CHECK_THAT(second.log(), ContainsSubstring(scene.path("state").string()));
  CHECK(first.http().request("GET", "/healthz").status == 200);
}

TEST_CASE("rocd does not start for an application that has ended already", "[e2e]") {
  const TempDirectory directory;
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  ::close(ends[0]);
  Process rocd({.argv = {rocd_program(), "--listen", "127.0.0.1:0", "--state-dir",
                         directory.path() / "state", "--ready-fd", "3", "--exit-with-parent"},
                .output = directory.path() / "log",
                .errors = {},
                .descriptor_3 = ends[1]});
  ::close(ends[1]);
  CHECK(rocd.wait() == "exit 1");
  CHECK_THAT(read_file(directory.path() / "log"), ContainsSubstring("nobody reads"));
  CHECK_FALSE(std::filesystem::exists(directory.path() / "state"));
}
