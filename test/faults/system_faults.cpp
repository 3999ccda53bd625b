// What happens to rocd itself and to what the system gives it: disk, descriptors, its life.
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <future>
#include <optional>
#include <thread>

#include "faults/fault.hpp"
#include "support/database.hpp"

namespace rocd::test {
namespace {

// A write over REST, as a user would change a name; returns what came back.
Response change_name(House& house, const std::string& name) {
  return house.rocd().http().request("PATCH", "/peers/self",
                                     boost::json::value{{"display_name", name}});
}

// What the next rocd is to find, and what of the former is to be gone.
struct Former {
  std::map<std::string, std::string> specs;  // of streams, by URI; without their versions
  std::map<std::string, std::int64_t> versions;
  std::map<std::string, std::string> addresses;  // where they receive, of those that were planned
  std::map<std::string, Child> children;
};

Former what_is(House& house) {
  Former former{{}, {}, {}, house.children()};
  const auto listed = house.rocd().http().get("/streams");
  for (const auto& stream : listed.as_array()) {
    auto spec = stream.as_object();
    const std::string uri(spec.at("stream_uri").as_string());
    former.versions[uri] = spec.at("version").to_number<std::int64_t>();
    const auto& status = spec.at("status").as_object();
    const auto* resolved = status.at("resolved").if_object();
    const auto* media = resolved == nullptr ? nullptr : resolved->if_contains("media_uri");
    if (media != nullptr) former.addresses[uri] = boost::json::serialize(*media);
    spec.erase("status");
    spec.erase("version");
    former.specs[uri] = boost::json::serialize(spec);
  }
  return former;
}

void check_restored(House& house, const Former& former) {
  const auto now = what_is(house);
  for (const auto& [uri, spec] : former.specs)
    if (!now.specs.contains(uri) || now.specs.at(uri) != spec)
      throw std::runtime_error("not restored: " + spec + "\n but: " +
                               (now.specs.contains(uri) ? now.specs.at(uri) : "nothing"));
  if (now.specs.size() != former.specs.size())
    throw std::runtime_error("there are more streams than before");
  for (const auto& [uri, version] : former.versions)
    if (now.versions.at(uri) < version)
      throw std::runtime_error("the version of " + uri + " goes back");
  for (const auto& [stream, child] : former.children)
    require([pid = child.pid] { return pid < 0 || !process_runs(pid); },
            "the child that " + stream + " had has survived its rocd");
}

// Who sends to one of them knows of no new rocd. When all run again.
void check_addresses(House& house, const Former& former) {
  const auto now = what_is(house);
  for (const auto& [uri, address] : former.addresses)
    if (!now.addresses.contains(uri) || now.addresses.at(uri) != address)
      throw std::runtime_error(uri + " had the address " + address + ", and has another one");
}

Fault kill_rocd(House& house, Random& random) {
  const auto former = what_is(house);
  house.kill_rocd();
  return {.what = "SIGKILL of rocd, started again",
          .reach = reach_of_all(house),
          .end =
              [&house, former] {
                house.start_rocd();
                check_restored(house, former);
              },
          .lasts = between(0ms, 1s, random),
          .check = [&house, former] { check_addresses(house, former); },
          .new_sound = true,  // its devices went with it
          .unreachable = true};
}

// As when a session crashes, or the machine does: PipeWire, its servers and rocd end at once. rocd
// is started after them, or before.
Fault kill_all(House& house, Random& random) {
  const auto former = what_is(house);
  for (const std::string daemon : {"pipewire", "wireplumber", "pipewire-pulse"})
    if (process_runs(house.session.pid(daemon))) house.session.signal(daemon, SIGKILL);
  house.kill_rocd();
  const bool rocd_first = std::bernoulli_distribution(0.5)(random);
  const auto later = rocd_first ? between(0ms, 2s, random) : 0ms;
  return {.what = std::string("SIGKILL of rocd and all of PipeWire, ") +
                  (rocd_first ? "rocd" : "PipeWire") + " started first",
          .reach = reach_of_all(house),
          .end =
              [&house, former, rocd_first, later] {
                if (!rocd_first) house.session.restart();
                auto session = std::async(std::launch::async, [&house, rocd_first, later] {
                  std::this_thread::sleep_for(later);
                  if (rocd_first) house.session.restart();
                });
                house.start_rocd();
                session.get();
                check_restored(house, former);
              },
          .lasts = between(0ms, 2s, random),
          .check = [&house, former] { check_addresses(house, former); },
          .limit = 10s + later,
          .new_sound = true,
          .new_links = true,
          .unreachable = true};
}

// Of /system, by events.
std::vector<Cause> disk_story() {
  return {{{"\"writable\":false"}, {}}, {{"\"writable\":true"}, {}}};
}

// A refused write, and one that works again, are part of the fault: nothing is lost in silence.
void expect_refused(House& house) {
  // What fits into files that are there already is kept.
  constexpr int tries = 1000;
  auto refused = change_name(house, "written to a bad disk");
  for (int i = 0; i < tries && refused.status == 200; ++i)
    refused = change_name(house, "written to a bad disk " + std::to_string(i));
  if (refused.status / 100 != 5 || refused.body.find("the disk") == std::string::npos)
    throw std::runtime_error("a write that cannot be kept is answered with " +
                             std::to_string(refused.status) + " " + refused.body);
  const auto ready = house.rocd().http().request("GET", "/readyz");
  const auto state = house.rocd().http().get("/system").at("state").as_object();
  if (ready.status != 503 || state.at("writable").as_bool() || !state.contains("hint"))
    throw std::runtime_error("that nothing can be kept is not told: " + ready.body + " " +
                             boost::json::serialize(state));
}

void expect_written(House& house) {
  Response answer;
  if (!eventually([&] { return (answer = change_name(house, "fine")).status == 200; }, 5s))
    throw std::runtime_error("no write after the disk is back: " + answer.body);
}

// Before anybody writes.
void expect_noticed(House& house) {
  require([&] { return house.rocd().http().get("/system").at("state").at("writable").as_bool(); },
          "that the disk is back is not told", 5s);
}

// The write-ahead log is used again and again: one that has grown as far as it may needs no room
// on a disk that is full, and nothing would ever be refused. As another program may, which makes a
// copy.
void shorten_log(const House& house) {
  const OtherProgram other(house.state() / "rocd" / "state.db");
  other.run("PRAGMA busy_timeout = 5000");
  if (other.run("PRAGMA wal_checkpoint(TRUNCATE)") != "0")
    throw std::runtime_error("the log of the state does not become shorter");
}

Fault full_disk(House& house, Random& random) {
  shorten_log(house);
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
                expect_noticed(house);
                expect_written(house);
              },
          .lasts = between(500ms, 3s, random),
          .causes = disk_story()};
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
                expect_noticed(house);
                expect_written(house);
              },
          .lasts = between(0ms, 2s, random),
          .causes = disk_story()};
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

// Whoever takes the difference of two clocks, of which one has jumped, measures nonsense.
void check_latencies(House& house) {
  constexpr double most = 2000;  // ms
  std::string wrong;
  const auto plausible = [&] {
    wrong.clear();
    const auto listed = house.rocd().http().get("/streams");
    for (const auto& stream : listed.as_array()) {
      const auto& latency = stream.at("status").at("metrics").at("e2e_latency_ms");
      if (latency.is_null()) continue;
      if (const auto ms = latency.to_number<double>(); ms < 0 || ms > most)
        wrong += std::string(stream.at("display_name").as_string()) + ": " + std::to_string(ms) +
                 " ms; ";
    }
    return wrong.empty();
  };
  // The tools tell it every 5 s.
  if (!eventually(plausible, 12s, 200ms))
    throw std::runtime_error("latencies after a jump of the clock: " + wrong);
}

// Seconds of the day by which the tools' clocks are ahead, as a stream's log shows them
// ("HH:MM:SS.mmm …"); nothing: none of its lines is of one.
std::optional<std::time_t> tools_ahead(House& house, const std::string& stream) {
  const auto uri = std::string(house.rocd().stream(stream).at("stream_uri").as_string());
  const auto log = house.rocd().http().get(uri + "/log");
  const auto now = std::time(nullptr);
  std::tm today{};
  ::localtime_r(&now, &today);
  std::optional<std::time_t> ahead;
  for (const auto& line : log.at("lines").as_array()) {
    std::tm at{};
    if (::strptime(line.at("text").as_string().c_str(), "%H:%M:%S.", &at) != nullptr)
      ahead = (at.tm_hour - today.tm_hour) * 3600 + (at.tm_min - today.tm_min) * 60 + at.tm_sec -
              today.tm_sec;
  }
  return ahead;
}

// Within the day; the last line may be a few seconds old.
bool same_time_of_day(std::time_t a, std::time_t b) {
  constexpr std::time_t day = 86400, tolerance = 60;
  const auto difference = ((a - b) % day + day) % day;
  return difference < tolerance || difference > day - tolerance;
}

// The clock that people read jumps (NTP, a user, a computer that wakes up without a battery for its
// clock), for rocd and its tools. A child dies while it is wrong: what depends on time must not
// depend on this one.
Fault clock_jump(House& house, Random& random) {
  const auto name = pick({"1h", "-1h", "1d", "-1d", "30d", "-30d"}, random);
  const auto unit = name.ends_with('h') ? 3600s : 86400s;
  const auto ahead = std::stoi(name) * unit + 30min;  // else a day would show no difference
  const auto stream = pick(house.piped_streams(), random);
  const int child = house.children().at(stream).pid;
  const auto set_clock = [&house](std::chrono::seconds by) {
    house.set_clock(by);
    require([&] { return std::abs(clock_of(house) - std::time(nullptr) - by.count()) < 60; },
            "rocd's clock does not jump");
  };
  const auto at = std::chrono::steady_clock::now();
  set_clock(ahead);
  expect_written(house);
  if (child < 0 || ::kill(child, SIGKILL) != 0)
    throw std::runtime_error(stream + " has no child to be killed");
  const auto tools_jump = [&] {
    const auto seen = tools_ahead(house, stream);
    return seen && same_time_of_day(*seen, ahead.count());
  };
  require(tools_jump, "the clock of " + stream + " does not jump");
  return {.what = "the clock jumps by " + name + " and 30 min, and the child of " + stream +
                  " is killed",
          .reach = reach_of(house, {stream}),
          .end = [set_clock] { set_clock(0s); },
          .lasts = between(1s, 3s, random),
          // Before that the receiver's session breaks: its packets come from another time.
          .causes = {{.words = {"SIGKILL"}, .streams = {stream}, .in_states_only = true}},
          .check = [&house] { check_latencies(house); },
          .breaks_reports = true,
          .at = at};
}

// A file system that is read-only when rocd starts: it says so and does not run on without what it
// was told to keep.
Fault read_only_disk(House& house, Random&) {
  const auto path = house.state();
  const auto mount_it = [path](unsigned long flags) {
    if (::mount(nullptr, path.c_str(), nullptr, MS_REMOUNT | MS_BIND | flags, nullptr) != 0)
      throw std::system_error(errno, std::generic_category(), "remount the state directory");
  };
  const auto former = what_is(house);
  house.kill_rocd();
  mount_it(MS_RDONLY);
  if (std::ofstream(path / "written").is_open())
    throw std::runtime_error("the state directory can be written to");
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
          .reach = reach_of_all(house),
          .end =
              [&house, mount_it, former] {
                mount_it(0);
                house.start_rocd();
                check_restored(house, former);
                expect_written(house);
              },
          .check = [&house, former] { check_addresses(house, former); },
          .new_sound = true,
          .unreachable = true};
}

Fault no_descriptors(House& house, Random& random) {
  const int pid = house.rocd().process().pid();
  const auto limit_descriptors = [pid](const rlimit* limit, rlimit* former) {
    if (::prlimit(pid, RLIMIT_NOFILE, limit, former) != 0)
      throw std::system_error(errno, std::generic_category(), "limit of descriptors");
  };
  auto names = house.piped_streams();
  std::erase_if(names, [&](const auto& name) { return house.spared().contains(name); });
  const auto stream = pick(names, random);
  int child = -1;
  eventually([&] { return (child = house.rocd().child_of(stream)) > 0; }, 10s);
  rlimit before{};
  limit_descriptors(nullptr, &before);
  rlimit low = before;
  low.rlim_cur = 3;  // whatever is opened from here on fails
  limit_descriptors(&low, nullptr);
  if (child < 0 || ::kill(child, SIGKILL) != 0)
    throw std::runtime_error(stream + " has no child to be killed");
  // Without any it cannot see what is wrong with whom another fault has hit before, either.
  auto reach = reach_of(house, {house.spared().begin(), house.spared().end()});
  reach.add(reach_of(house, {stream}));
  return {
      .what = "rocd has no descriptors left when the child of " + stream + " dies",
      .reach = std::move(reach),
      .end = [limit_descriptors, before] { limit_descriptors(&before, nullptr); },
      // One that had failed before is tried again after 4.2 s at the latest.
      .lasts = between(4500ms, 6s, random),
      .causes = {{{"Too many open files"}, {stream}}, {{"Too many open files"}, {stream}, true}},
      .unreachable = true};
}

}  // namespace

void add_system_faults(std::vector<FaultKind>& kinds) {
  // A limit of the process goes with it.
  const auto add_disk = [&](const char* name, Fault (*begin)(House&, Random&), bool outlives) {
    kinds.push_back({.name = name,
                     .company = Company::others,
                     .begin = begin,
                     .outlives_rocd = outlives,
                     .no_writes = true});
  };
  add_disk("disk: state directory full", full_disk, true);
  add_disk("disk: no write succeeds", unwritable_disk, false);
  if (House::fakes_clock())
    kinds.push_back({"rocd: the wall clock jumps", Company::others, clock_jump});
  kinds.push_back({"rocd: SIGKILL, started again", Company::last, kill_rocd, true});
  kinds.push_back({"rocd: SIGKILL, with all of PipeWire", Company::last, kill_all, true});
  kinds.push_back({.name = "disk: state directory read-only at start",
                   .company = Company::last,
                   .begin = read_only_disk,
                   .new_rocd = true,
                   .no_writes = true});
  kinds.push_back({"rocd: no descriptors left", Company::last, no_descriptors});
}

}  // namespace rocd::test
