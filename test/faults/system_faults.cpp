// What happens to rocd itself and to what the system gives it: disk, descriptors, its life.
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <boost/json/array.hpp>
#include <cstdlib>
#include <ctime>
#include <fstream>

#include "faults/fault.hpp"

namespace rocd::test {
namespace {

// A write over REST, as a user would change a name; returns what came back.
Response change_name(House& house, const std::string& name) {
  return house.rocd().http().request("PATCH", "/peers/self",
                                     boost::json::value{{"display_name", name}});
}

Fault kill_rocd(House& house, Random& random) {
  house.kill_rocd();
  return {.what = "SIGKILL of rocd, started again",
          .end = [&house] { house.start_rocd(); },
          .lasts = between(0ms, 1s, random),
          .limit = 10s,
          .new_sound = true};  // its devices went with it
}

// A refused write, and one that works again, are part of the fault: nothing is lost in silence.
void expect_refused(House& house) {
  const auto refused = change_name(house, "written to a bad disk");
  if (refused.status / 100 != 5)
    throw std::runtime_error("a write that cannot be kept is answered with " +
                             std::to_string(refused.status));
}

void expect_written(House& house) {
  Response answer;
  if (!eventually([&] { return (answer = change_name(house, "fine")).status == 200; }, 5s))
    throw std::runtime_error("no write after the disk is back: " + answer.body);
}

Fault full_disk(House& house, Random& random) {
  const auto filler = house.state() / "filler";
  std::ofstream file(filler, std::ios::binary);
  const std::string block(4096, 'x');
  while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
  }
  file.close();
  // The log of the database may have room for a few more.
  Response answer;
  for (int i = 0; i < 2000 && answer.status / 100 != 5; ++i)
    answer = change_name(house, "name " + std::to_string(i));
  expect_refused(house);
  return {.what = "the state directory is full",
          .end =
              [&house, filler] {
                std::filesystem::remove(filler);
                expect_written(house);
              },
          .lasts = between(500ms, 3s, random)};
}

// Every write to a file fails, also to those that are open, as on a file system that the kernel has
// made read-only because of an error.
Fault unwritable_disk(House& house, Random& random) {
  const int pid = house.rocd().process().pid();
  const auto limit_files = [pid](rlim_t size) {
    rlimit limit{};
    if (::prlimit(pid, RLIMIT_FSIZE, nullptr, &limit) != 0)
      throw std::system_error(errno, std::generic_category(), "limit of files");
    limit.rlim_cur = std::min(size, limit.rlim_max);
    if (::prlimit(pid, RLIMIT_FSIZE, &limit, nullptr) != 0)
      throw std::system_error(errno, std::generic_category(), "limit of files");
  };
  limit_files(0);
  expect_refused(house);
  const auto& http = house.rocd().http();
  const auto stream = http.get("/streams").at(0).as_object();
  const auto before = http.get("/streams").as_array().size();
  const auto refused = http.request("POST", "/streams",
                                    boost::json::value{{"display_name", "not to be kept"},
                                                       {"enabled", false},
                                                       {"source", stream.at("source")},
                                                       {"destination", stream.at("destination")}});
  if (refused.status / 100 != 5 || http.get("/streams").as_array().size() != before)
    throw std::runtime_error("a stream that cannot be kept is answered with " +
                             std::to_string(refused.status) + " " + refused.body);
  return {.what = "nothing can be written to any file",
          .end =
              [&house, limit_files] {
                limit_files(RLIM_INFINITY);
                expect_written(house);
              },
          .lasts = between(0ms, 2s, random)};
}

// As rocd shows it: seconds since the epoch.
std::time_t clock_of(House& house) {
  const auto system = house.rocd().http().get("/system");
  std::tm started{};
  if (::strptime(system.at("started_at").as_string().c_str(), "%Y-%m-%dT%H:%M:%S", &started) ==
      nullptr)
    throw std::runtime_error("started_at is no time");
  return ::timegm(&started) + system.at("uptime_seconds").to_number<std::time_t>();
}

// The clock that people read jumps (NTP, a user, a computer that wakes up without a battery for its
// clock). A child dies while it is wrong: what depends on time must not depend on this one.
Fault clock_jump(House& house, Random& random) {
  const auto name = pick({"1h", "-1h", "1d", "-1d", "30d", "-30d"}, random);
  const auto unit = name.ends_with('h') ? 3600s : 86400s;
  const auto ahead = std::stoi(name) * unit;
  const auto stream = pick(house.piped_streams(), random);
  const auto children = house.children();
  const auto set_clock = [&house](std::chrono::seconds by) {
    house.set_clock(by);
    const auto is_set = [&] {
      return std::abs(clock_of(house) - std::time(nullptr) - by.count()) < 60;
    };
    if (!eventually(is_set, 10s)) throw std::runtime_error("rocd's clock does not jump");
  };
  set_clock(ahead);
  expect_written(house);
  const int child = children.at(stream);
  if (child > 0) ::kill(child, SIGKILL);
  return {.what = "the clock jumps by " + name + ", and the child of " + stream + " is killed",
          .end =
              [&house, set_clock, stream, children] {
                set_clock(0s);
                auto now = house.children();
                now[stream] = children.at(stream);
                if (now != children)
                  throw std::runtime_error("the clock has ended children:\n" + house.rocd().log());
              },
          .lasts = between(1s, 3s, random),
          .causes = {{{"SIGKILL"}, {stream}}}};
}

// A file system that is read-only when rocd starts: it says so and does not run on without what it
// was told to keep.
Fault read_only_disk(House& house, Random&) {
  const auto path = house.state();
  const auto mount_it = [path](unsigned long flags) {
    if (::mount(nullptr, path.c_str(), nullptr, MS_REMOUNT | MS_BIND | flags, nullptr) != 0)
      throw std::system_error(errno, std::generic_category(), "remount the state directory");
  };
  house.kill_rocd();
  mount_it(MS_RDONLY);
  std::string said;
  try {
    house.start_rocd();
  } catch (const std::exception& error) {
    said = error.what();
  }
  if (said.find("Read-only file system") == std::string::npos &&
      said.find("read-only") == std::string::npos)
    throw std::runtime_error("rocd does not say that its state directory is read-only: " + said);
  return {.what = "the state directory is read-only when rocd starts",
          .end =
              [&house, mount_it] {
                mount_it(0);
                house.start_rocd();
                expect_written(house);
              },
          .limit = 10s,
          .new_sound = true};
}

Fault no_descriptors(House& house, Random& random) {
  const int pid = house.rocd().process().pid();
  const auto stream = pick(house.piped_streams(), random);
  int child = -1;
  eventually([&] { return (child = house.rocd().child_of(stream)) > 0; }, 10s);
  rlimit before{};
  ::prlimit(pid, RLIMIT_NOFILE, nullptr, &before);
  rlimit low = before;
  low.rlim_cur = 3;  // whatever is opened from here on fails
  ::prlimit(pid, RLIMIT_NOFILE, &low, nullptr);
  if (child > 0) ::kill(child, SIGKILL);
  return {.what = "rocd has no descriptors left when the child of " + stream + " dies",
          .end = [pid, before] { ::prlimit(pid, RLIMIT_NOFILE, &before, nullptr); },
          // One that had failed before is tried again after 4.2 s at the latest.
          .lasts = between(4500ms, 6s, random),
          .causes = {{{"Too many open files"}, {stream}}}};
}

}  // namespace

void add_system_faults(std::vector<FaultKind>& kinds) {
  kinds.push_back({"rocd: SIGKILL, started again", Company::none, kill_rocd, true});
  kinds.push_back({"disk: state directory full", Company::others, full_disk});
  kinds.push_back({"disk: no write succeeds", Company::none, unwritable_disk});
  if (House::fakes_clock())
    kinds.push_back({"rocd: the wall clock jumps", Company::none, clock_jump});
  kinds.push_back(
      {"disk: state directory read-only at start", Company::none, read_only_disk, true});
  kinds.push_back({"rocd: no descriptors left", Company::none, no_descriptors});
}

}  // namespace rocd::test
