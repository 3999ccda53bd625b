// What happens at the limits: of streams, ports, descriptors, and of what a child prints. Beside
// each of them a tone is heard all the time. Most children are stand-ins
// (test/stand_in/roc_stand_in.cpp), so that they do not take the processor from each other.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <map>
#include <numeric>
#include <sstream>

#include "e2e/bystander.hpp"
#include "e2e/raw_connection.hpp"
#include "e2e/scene.hpp"

using namespace rocd::test;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

const std::vector<std::string> both{"send", "receive"};

// Hosts that the tool knows what to do with.
constexpr auto stands_in = "127.0.0.77", screams = "127.0.0.78", is_endless = "127.0.0.79";

// The streams of a loopback with the real tools, and a device for stand-ins.
class Crowd {
 public:
  explicit Crowd(const std::string& more_config = {}) : scene(std::nullopt) {
    // Under the name of a tool, so that it is found among the processes that must be gone.
    const auto directory = scene.path("stand-in");
    fs::create_directory(directory);
    fs::create_symlink(ROCD_BIN_DIR "/rocd_test_roc_stand_in", directory / "roc-send");
    const auto stand_in = (directory / "roc-send").string();
    const auto tool = scene.path("tool");
    std::ostringstream script;
    script << "#!/bin/sh\ncase \"$*\" in\n"
           << "*" << stands_in << "*) exec " << stand_in << " \"$@\" ;;\n"
           << "*" << screams << "*) exec " << stand_in << " scream \"$@\" ;;\n"
           << "*" << is_endless << "*) exec " << stand_in << " endless \"$@\" ;;\n"
           << "esac\nexec roc-send \"$@\"\n";
    write_file(tool, script.str());
    fs::permissions(tool, fs::perms::owner_all);
    auto config = loopback_config();
    const std::string endpoints = "endpoints:\n";
    config.insert(config.find(endpoints) + endpoints.size(),
                  "  - { name: crowd, direction: output }\n");
    scene.write_config("tools: { roc_send: '" + tool.string() + "' }\n" + more_config + config);
    scene.start_rocd();
    rocd().wait_for_streams(both);
    rocd().wait_for_endpoint("rocd.crowd");
    crowd_ = std::string(rocd().endpoint("rocd.crowd").at("endpoint_uri").as_string());
    bystander_.emplace(scene);
    for (const auto& name : both) children_[name] = rocd().child_of(name);
  }

  [[nodiscard]] Rocd& rocd() { return scene.rocd(); }
  // They are heard all the time, by the clock; and if the machine keeps up, neither was ever
  // started again.
  void check_that_nobody_else_was_hurt() {
    CHECK(bystander_->is_heard());
    const auto judgement = bystander_->judge();
    INFO(complaints() << judgement.text);
    CHECK(judgement.good);
    rocd().wait_for_streams(both);
    for (const auto& name : both)
      if (judgement.machine_keeps_up) CHECK(rocd().child_of(name) == children_[name]);
    WARN("beside it, " << judgement.text);
  }

  [[nodiscard]] json::value sending(const std::string& name, const std::string& host,
                                    int port = 20'000) const {
    return {{"display_name", name},
            {"source", {{"connection_type", "endpoint"}, {"endpoint_uri", crowd_}}},
            {"destination",
             {{"connection_type", "external"},
              {"media_uri", "rtp://" + host + ":" + std::to_string(port)}}}};
  }
  // Of the log of rocd; the rest of it is long.
  [[nodiscard]] std::string complaints() {
    std::istringstream log(rocd().log());
    std::string found;
    for (std::string line; std::getline(log, line);)
      if (line.find("Z warning") != std::string::npos || line.find("Z error") != std::string::npos)
        found += line + "\n";
    return found.substr(0, 5000);
  }
  // How long each answer took, in milliseconds.
  template <class Ask>
  void timed(Ask&& ask) {
    const auto begin = Clock::now();
    ask();
    took_.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  [[nodiscard]] std::string times() {
    if (took_.empty()) return "nothing was asked";
    std::ranges::sort(took_);
    const auto at = [this](double share) {
      return std::to_string(took_[static_cast<std::size_t>(share * (took_.size() - 1.0))]);
    };
    return std::to_string(took_.size()) + " answers, ms: median " + at(0.5) + ", p99 " + at(0.99) +
           ", max " + at(1);
  }
  [[nodiscard]] std::map<std::string, int> states() {
    std::map<std::string, int> counts;
    const auto streams = rocd().http().get("/streams");
    for (const auto& stream : streams.as_array())
      ++counts[std::string(stream.at("status").at("state").as_string())];
    return counts;
  }

  Scene scene;

 private:
  std::string crowd_;
  std::optional<Bystander> bystander_;
  std::map<std::string, int> children_;
  std::vector<double> took_;
};

std::size_t memory_of(int pid) {
  std::istringstream status(read_file("/proc/" + std::to_string(pid) + "/status"));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6)) * 1024;
  throw std::runtime_error("no memory of " + std::to_string(pid));
}

double cpu_seconds_of(int pid) {
  const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::vector<std::string> list{std::istream_iterator<std::string>(fields), {}};
  return (std::stod(list.at(11)) + std::stod(list.at(12))) /
         static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::size_t open_descriptors_of(int pid) {
  const auto all = fs::directory_iterator("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

double metric(const Rocd& rocd, const std::string& name, const std::string& stream) {
  std::istringstream lines(rocd.http().request("GET", "/metrics").body);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(name + "{") && line.find("name=\"" + stream + "\"") != std::string::npos)
      return std::stod(line.substr(line.rfind(' ') + 1));
  return -1;
}

}  // namespace

TEST_CASE("Limits: 256 streams run, each request is answered, and a tone goes on beside them",
          "[e2e][limits]") {
  constexpr int many = 256;
  Crowd crowd;
  auto& rocd = crowd.rocd();
  const auto before = memory_of(rocd.process().pid());
  const auto begin = Clock::now();
  std::vector<std::string> uris;
  for (int i = 0; i < many; ++i)
    crowd.timed([&] {
      const auto made = rocd.http().post(
          "/streams", crowd.sending("crowd " + std::to_string(i), stands_in, 20'000 + i));
      uris.emplace_back(made.at("stream_uri").as_string());
    });
  const bool all_run =
      eventually([&] { return crowd.states()["running"] == many + 2; }, 8 * patience, 500ms);
  INFO(crowd.complaints());
  REQUIRE(all_run);
  const std::chrono::duration<double> took = Clock::now() - begin;
  const auto listed = rocd.http().get("/streams");
  CHECK(listed.as_array().size() == many + 2);
  // However busy the machine is: to replace those that wait would make it busier.
  const auto replaced = std::ranges::count_if(listed.as_array(), [](const json::value& stream) {
    return stream.at("status").at("restarts") != 0;
  });
  CHECK(replaced <= many / 10);
  for (const auto& uri : uris)
    crowd.timed([&] { CHECK(rocd.http().get(uri).at("stream_uri").as_string() == uri); });
  crowd.check_that_nobody_else_was_hurt();
  WARN(many << " streams run " << took.count() << " s after the first was asked for; "
            << crowd.times() << "; " << replaced << " children were replaced; rocd grew by "
            << (memory_of(rocd.process().pid()) - before) / 1024 << " KiB");

  for (const auto& uri : uris) crowd.timed([&] { rocd.http().remove(uri); });
  CHECK(rocd.http().get("/streams").as_array().size() == 2);
  CHECK(eventually([&] { return roc_processes(crowd.scene.session.directory()).size() == 4; }));
  crowd.check_that_nobody_else_was_hurt();
}

TEST_CASE("Limits: when no port is left a stream waits, and takes those of one that is deleted",
          "[e2e][limits]") {
  // Seven in a row that nobody has: three streams need two each, and what is left is no use.
  const auto first = free_udp_row(7);
  Crowd crowd("ports: { range: " + std::to_string(first) + "-" + std::to_string(first + 6) +
              " }\n");
  auto& rocd = crowd.rocd();
  const auto microphone = rocd.endpoint("rocd.microphone").at("endpoint_uri");
  const auto make = [&](const std::string& name) {
    const auto made = rocd.http().post(
        "/streams",
        {{"display_name", name},
         {"source",
          {{"connection_type", "external"},
           {"media_uri", "rtp+rs8m://127.0.0.1:0"},
           {"repair_uri", "rs8m://127.0.0.1:0"}}},
         {"destination", {{"connection_type", "endpoint"}, {"endpoint_uri", microphone}}}});
    return std::string(made.at("stream_uri").as_string());
  };
  const std::vector<std::string> lucky{"a", "b", "c"};
  std::map<std::string, std::string> uris;
  std::map<std::string, int> children;
  for (const auto& name : lucky) {
    uris[name] = make(name);
    rocd.wait_for_streams({name});
    children[name] = rocd.child_of(name);
  }
  uris["late"] = make("late");
  rocd.wait_for_streams({"late"}, "waiting");
  const auto status = rocd.stream("late").at("status").as_object();
  INFO(json::serialize(status));
  CHECK(status.at("message").as_string().starts_with("no UDP port from " + std::to_string(first)));
  CHECK(eventually([&] {
    const auto health = rocd.stream("late").at("status").at("health").as_object();
    return health.at("overall") == "unhealthy" &&
           health.at("hint").as_string().find("ports.range") != std::string::npos;
  }));
  for (const auto& name : lucky) CHECK(rocd.child_of(name) == children[name]);

  rocd.http().remove(uris["b"]);
  const auto begin = Clock::now();
  rocd.wait_for_streams({"late"});
  WARN("the stream that waited for ports runs "
       << std::chrono::duration<double>(Clock::now() - begin).count()
       << " s after they were given up");
  CHECK(Clock::now() - begin < 15s);
  for (const std::string name : {"a", "c"}) CHECK(rocd.child_of(name) == children[name]);
  crowd.check_that_nobody_else_was_hurt();
}

TEST_CASE("Limits: when few descriptors are left, children wait and requests are answered",
          "[e2e][limits]") {
  constexpr int wanted = 16;
  Crowd crowd;
  auto& rocd = crowd.rocd();
  const int pid = rocd.process().pid();
  rlimit before{};
  REQUIRE(::prlimit(pid, RLIMIT_NOFILE, nullptr, &before) == 0);
  rlimit low = before;
  // 40 are kept back (base/descriptors_left.hpp); a child has three.
  low.rlim_cur = open_descriptors_of(pid) + 40 + wanted;
  REQUIRE(::prlimit(pid, RLIMIT_NOFILE, &low, nullptr) == 0);
  std::vector<std::string> uris;
  for (int i = 0; i < wanted; ++i)
    uris.emplace_back(
        rocd.http()
            .post("/streams", crowd.sending("crowd " + std::to_string(i), stands_in, 20'000 + i))
            .at("stream_uri")
            .as_string());
  CHECK(eventually([&] {
    auto states = crowd.states();
    return states["running"] > 2 && states["backoff"] > 0 &&
           states["running"] + states["backoff"] == wanted + 2;
  }));
  const auto streams = rocd.http().get("/streams");
  int told = 0;
  for (const auto& stream : streams.as_array()) {
    const auto& shown = stream.at("status").as_object();
    if (shown.at("state") != "backoff") continue;
    ++told;
    INFO(json::serialize(shown));
    CHECK(shown.at("message").as_string().find("Too many open files") != std::string::npos);
    CHECK(shown.at("last_exit").at("kind") == "spawn_error");
  }
  CHECK(told > 0);
  for (int i = 0; i < 50; ++i)
    crowd.timed([&] { CHECK(rocd.http().request("GET", "/readyz").status == 200); });
  WARN("with few descriptors left: " << crowd.times());
  crowd.check_that_nobody_else_was_hurt();
  {
    const auto url = rocd.http().url();
    const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    std::vector<RawConnection> held;
    for (int i = 0; i < 48; ++i) held.push_back(RawConnection::tcp(port, {.address = "127.0.0.2"}));
    CHECK(eventually([&] {
      auto late = RawConnection::tcp(port, {.address = "127.0.0.3"});
      const auto answer = late.answer();
      return answer && answer->status == 503;
    }));
    CHECK(rocd.log().find("cannot accept") == std::string::npos);
  }
  CHECK(eventually([&] {
    try {
      return rocd.http().request("GET", "/readyz").status == 200;
    } catch (const std::runtime_error&) {
      return false;  // refused without a word, while those who went are not noticed yet
    }
  }));

  REQUIRE(::prlimit(pid, RLIMIT_NOFILE, &before, nullptr) == 0);
  CHECK(eventually([&] { return crowd.states()["running"] == wanted + 2; }, 2 * patience));
  for (const auto& uri : uris) rocd.http().remove(uri);
  crowd.check_that_nobody_else_was_hurt();
}

TEST_CASE("Limits: children that print without end are counted, and nobody waits for them",
          "[e2e][limits]") {
  Crowd crowd;
  auto& rocd = crowd.rocd();
  const int pid = rocd.process().pid();
  std::map<std::string, std::string> uris;
  for (const auto& [name, host] :
       {std::pair("screams", screams), {"endless", is_endless}, {"quiet", stands_in}})
    uris[name] = std::string(
        rocd.http().post("/streams", crowd.sending(name, host)).at("stream_uri").as_string());
  rocd.wait_for_streams({"screams", "endless", "quiet"});
  const int screaming = rocd.child_of("screams");

  // More than is looked at in that time, by far.
  constexpr double megabytes = 8e6;
  const auto dropped = [&](const std::string& name) {
    return rocd.http().get(uris[name] + "/log").at("dropped_bytes").to_number<double>();
  };
  // On a slow machine much was dropped before all three ran: what counts comes from here on.
  const auto screamed = dropped("screams");
  const auto went_on = dropped("endless");
  const auto memory = memory_of(pid);
  const auto begin = Clock::now();
  const auto cpu = cpu_seconds_of(pid);
  const bool counted = eventually([&] {
    crowd.timed([&] { (void)rocd.http().get("/streams"); });
    return dropped("screams") - screamed > megabytes && dropped("endless") - went_on > megabytes;
  });
  CHECK(counted);
  const auto used =
      (cpu_seconds_of(pid) - cpu) / std::chrono::duration<double>(Clock::now() - begin).count();
  CHECK(metric(rocd, "rocd_child_output_skipped_bytes_total", "screams") > megabytes / 2);
  CHECK(metric(rocd, "rocd_child_output_skipped_bytes_total", "endless") > megabytes / 2);
  CHECK(metric(rocd, "rocd_child_output_skipped_bytes_total", "quiet") == 0);
  const auto grown = memory_of(pid) - std::min(memory, memory_of(pid));
// Sanitizers keep back what is freed, and take their time.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK(grown < 8 * 1024 * 1024);
  CHECK(used < 0.8);  // of one processor, in a debug build, on a busy machine
#endif
  WARN("beside two children that print 2 MB a second each: "
       << crowd.times() << "; rocd uses " << 100 * used << " % of a processor and grew by "
       << grown / 1024 << " KiB");

  // Each line that was looked at is whole, and others are heard of as soon as ever.
  const auto log = rocd.http().get(uris["screams"] + "/log");
  REQUIRE(!log.at("lines").as_array().empty());
  for (const auto& line : log.at("lines").as_array())
    if (line.at("text").as_string().find("screaming") != std::string::npos)
      CHECK(line.at("text").as_string().ends_with("!!!"));
  rocd.http().patch(uris["quiet"], {{"enabled", false}});
  rocd.wait_for_streams({"quiet"}, "stopped");
  rocd.http().patch(uris["quiet"], {{"enabled", true}});
  rocd.wait_for_streams({"quiet"});
  CHECK(rocd.child_of("screams") == screaming);
  CHECK(rocd.log().find("prints more than 64 KiB a second") != std::string::npos);
  for (const auto& [name, uri] : uris) rocd.http().remove(uri);
  crowd.check_that_nobody_else_was_hurt();
}
