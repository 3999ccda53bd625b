// Whoever reads rocd's log may stop reading it: nothing else may depend on that.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <sstream>

#include "base/descriptor.hpp"
#include "e2e/scene.hpp"
#include "e2e/silent.hpp"

using namespace rocd::test;
namespace json = boost::json;

namespace {

const std::vector<std::string> both{"send", "receive"};

// A FIFO of one page, which a log fills soon, and which is read only when asked.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& path) {
    if (::mkfifo(path.c_str(), 0600) != 0) throw std::runtime_error("mkfifo");
    fifo_ = rocd::Descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    if (!fifo_ || ::fcntl(fifo_.get(), F_SETPIPE_SZ, 4096) < 0)
      throw std::runtime_error("cannot open " + path.string());
  }
  // Until no more fits in.
  static void fill(const std::filesystem::path& path) {
    const rocd::Descriptor writer(::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
    while (::write(writer.get(), "full\n", 5) > 0) {
    }
  }
  // All that has come since.
  [[nodiscard]] std::string read() const {
    std::string text;
    std::array<char, 4096> buffer{};
    for (;;) {
      const auto size = ::read(fifo_.get(), buffer.data(), buffer.size());
      if (size <= 0) return text;
      text.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }

 private:
  rocd::Descriptor fifo_;
};

// A command that ends in running what follows it with `redirection`, in which $0 is `file`.
std::vector<std::string> redirected(const std::string& redirection, const std::string& file) {
  return {"sh", "-c", "exec \"$@\" " + redirection, file};
}

double dropped_lines(const Rocd& rocd) {
  const std::string name = "\nrocd_log_lines_dropped_total ";
  const auto text = rocd.http().request("GET", "/metrics").body;
  const auto at = text.find(name);
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size()));
}

void make_it_log(const Rocd& rocd) {
  rocd.http().post("/system/reload", json::object{});
}

}  // namespace

TEST_CASE("rocd goes on when nobody reads its log: it answers, and starts a killed child again",
          "[e2e]") {
  Scene scene(std::nullopt);
  scene.write_config(loopback_config());
  const Reader reader(scene.path("log"));
  scene.start_rocd({"--log-format", "json"}, redirected("2>\"$0\"", scene.path("log")));
  auto& rocd = scene.rocd();
  rocd.wait_for_streams(both);
  REQUIRE(eventually([&] {
    make_it_log(rocd);
    return dropped_lines(rocd) > 0;
  }));

  CHECK(rocd.http().request("GET", "/healthz").status == 200);
  for (const auto& stream : both) {
    INFO(stream);
    const int former = rocd.child_of(stream);
    REQUIRE(::kill(former, SIGKILL) == 0);
    CHECK(eventually([&] {
      const int child = rocd.child_of(stream);
      return child > 0 && child != former && rocd.state_of(stream) == "running";
    }));
  }
  // What nobody reads there is here.
  const auto kept = json::serialize(rocd.http().get("/system/log"));
  CHECK(kept.find("SIGKILL") != std::string::npos);

  auto text = reader.read();
  REQUIRE(eventually([&] {
    make_it_log(rocd);
    text += reader.read();
    return text.find("because nobody read them") != std::string::npos;
  }));
  REQUIRE(text.ends_with('\n'));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    boost::system::error_code failure;
    json::parse(line, failure);
    CHECK(!failure);
  }
}

TEST_CASE("rocd ends as it is told when nobody reads its log", "[e2e]") {
  Scene scene(std::nullopt);
  scene.write_config(loopback_config());
  const Reader reader(scene.path("log"));
  scene.start_rocd({}, redirected("2>\"$0\"", scene.path("log")));
  REQUIRE(eventually([&] {
    make_it_log(scene.rocd());
    return dropped_lines(scene.rocd()) > 0;
  }));
  scene.end_rocd(SIGTERM);
}

TEST_CASE("a rocd whose standard descriptors are closed logs into no file of its own", "[e2e]") {
  Scene scene(std::nullopt);
  scene.write_config(loopback_config());
  scene.start_rocd({}, redirected("0<&- 1>&- 2>&-", "sh"));
  auto& rocd = scene.rocd();
  rocd.wait_for_streams(both);
  for (const std::string number : {"0", "1", "2"})
    CHECK(std::filesystem::read_symlink("/proc/" + std::to_string(rocd.process().pid()) + "/fd/" +
                                        number) == "/dev/null");
  CHECK(dropped_lines(rocd) > 0);
  CHECK(!rocd.http().get("/system/log").at("lines").as_array().empty());
}

TEST_CASE("rocd starts, or ends if it cannot, when its log is full before", "[e2e]") {
  const TempDirectory directory;
  const auto path = directory.path() / "log";
  const Reader reader(path);
  Reader::fill(path);
  auto launcher = redirected("2>\"$0\"", path);
  launcher.insert(launcher.begin(), {"env", "ROCD_LOGLEVEL=debug"});  // rocd warns of it
  Silent silent;
  silent.start(launcher);
  CHECK(silent.rocd().http().request("GET", "/healthz").status == 200);
  CHECK(silent.rocd().http().request("GET", "/system/log").body.find("ROCD_LOGLEVEL") !=
        std::string::npos);
  CHECK(silent.refused(launcher).end == "exit 1");  // the state directory is taken
  silent.stop();
}
