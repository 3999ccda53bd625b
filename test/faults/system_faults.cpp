// What happens to rocd itself and to what the system gives it: disk, descriptors, its life.
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

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
          .lasts = between(0ms, 1s, random)};
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
          .lasts = between(200ms, 3s, random),
          .causes = {"Too many open files", "EMFILE"}};
}

}  // namespace

void add_system_faults(std::vector<FaultKind>& kinds) {
  kinds.push_back({"rocd: SIGKILL, started again", true, kill_rocd, true});
  kinds.push_back({"disk: state directory full", true, full_disk});
  kinds.push_back({"disk: state directory read-only at start", true, read_only_disk, true});
  kinds.push_back({"rocd: no descriptors left", true, no_descriptors});
}

}  // namespace rocd::test
