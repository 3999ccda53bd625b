// The state directory of the real daemon: what it says of a damaged one and never overwrites, one
// rocd at a time, and a disk that does not take what is written.
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>

#include "e2e/silent.hpp"
#include "support/database.hpp"

using namespace rocd::test;
using Catch::Matchers::ContainsSubstring;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

json::value speaker(int number) {
  return {{"stream_direction", "output"}, {"display_name", "Speaker " + std::to_string(number)}};
}

std::size_t count(const Rocd& rocd) {
  return rocd.http().get("/peers/self/endpoints").as_array().size();
}

// A state of some pages, with writes that are only in its log. Gives the number of endpoints.
std::size_t fill_and_kill(Silent& silent) {
  silent.start();
  for (int i = 0; i < 60; ++i) silent.rocd().http().post("/peers/self/endpoints", speaker(i));
  silent.stop();
  silent.start();
  silent.rocd().http().post("/peers/self/endpoints", speaker(60));
  silent.kill();
  return 61;
}

std::string noise(std::size_t size) {
  std::mt19937 random(7);
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// A root that may not read what it does not own the mode of; others cannot anyway.
std::vector<std::string> without_privileges() {
  if (::geteuid() != 0) return {};
  return {"setpriv", "--bounding-set=-dac_override,-dac_read_search",
          "--inh-caps=-dac_override,-dac_read_search", "--"};
}

}  // namespace

TEST_CASE("a state that rocd does not understand is refused with its file, and stays as it is",
          "[e2e]") {
  struct Row {
    const char* what;
    std::function<void(const fs::path& file)> damage;
    const char* said;
    const char* file = "state.db";
  };
  const auto log_of = [](const fs::path& file) { return file.string() + "-wal"; };
  const Row table[] = {
      {"random bytes", [](const fs::path& file) { write_file(file, noise(20'000)); },
       "the stored state is damaged: "},
      {"cut off", [](const fs::path& file) { fs::resize_file(file, fs::file_size(file) / 2); },
       "the stored state is damaged: "},
      {"cut off within its first page", [](const fs::path& file) { fs::resize_file(file, 300); },
       "the stored state is damaged: it is shorter than any database"},
      {"two pages swapped",
       [](const fs::path& file) {
         auto bytes = read_file(file);
         const auto page = bytes.substr(1 * 4096, 4096);
         bytes.replace(1 * 4096, 4096, bytes.substr(3 * 4096, 4096)).replace(3 * 4096, 4096, page);
         write_file(file, bytes);
       },
       "the stored state is damaged: "},
      {"a log of random bytes",
       [&](const fs::path& file) { write_file(log_of(file), noise(20'000)); },
       "the stored state is damaged: its -wal does not begin as one", "state.db-wal"},
      {"a log alone", [](const fs::path& file) { fs::remove(file); },
       "the stored state is not there, but its -wal holds writes of it"},
      {"emptied", [](const fs::path& file) { fs::resize_file(file, 0); },
       "the stored state is empty, but its -wal holds writes of it"},
      {"a newer version",
       [](const fs::path& file) { OtherProgram(file).run("PRAGMA user_version = 1000"); },
       "the stored state was written by a newer rocd (schema 1000, "},
      {"another program's",
       [&](const fs::path& file) {
         fs::remove(file);
         fs::remove(log_of(file));
         OtherProgram(file).run("CREATE TABLE bookmark (url TEXT)");
       },
       "the file is a database of another program"},
      {"a directory",
       [&](const fs::path& file) {
         fs::remove(file);
         fs::remove(log_of(file));
         fs::create_directory(file);
       },
       "cannot open the stored state: Is a directory"},
      {"unreadable", [](const fs::path& file) { fs::permissions(file, fs::perms::none); },
       "cannot open the stored state: Permission denied"},
  };
  Silent whole;
  const auto endpoints = fill_and_kill(whole);
  for (const auto& row : table) {
    CAPTURE(row.what);
    Silent silent;
    fs::copy(whole.state(), silent.state(), fs::copy_options::recursive);
    const auto file = silent.state() / "state.db";
    row.damage(file);
    const auto before = state_files(silent.state());
    for (int i = 0; i < 2; ++i) {
      const auto finished = silent.refused(without_privileges());
      CHECK(finished.end == "exit 1");
      CHECK_THAT(finished.output, ContainsSubstring(row.said));
      CHECK_THAT(finished.output, ContainsSubstring((silent.state() / row.file).string()));
      CHECK_THAT(finished.output, ContainsSubstring("--state-dir"));
      CHECK(state_files(silent.state()) == before);
    }
  }
  whole.start();
  CHECK(count(whole.rocd()) == endpoints);
}

TEST_CASE("a second rocd on a state directory is told which one has it, until that is gone",
          "[e2e]") {
  Silent silent;
  silent.start();
  const auto pid = silent.rocd().process().pid();
  const auto finished = silent.refused();
  CHECK(finished.end == "exit 1");
  CHECK_THAT(finished.output, ContainsSubstring("another rocd (pid " + std::to_string(pid) + ")"));
  CHECK_THAT(finished.output, ContainsSubstring(silent.state().string()));
  CHECK_THAT(finished.output, ContainsSubstring("give this one its own with --state-dir"));
  CHECK(silent.rocd().http().request("GET", "/healthz").status == 200);

  for (int i = 0; i < 5; ++i) {
    silent.kill();
    silent.start();  // throws if it is refused
  }
}

TEST_CASE("state.db is for its user only, whatever the umask that rocd is started with", "[e2e]") {
  for (const std::string mask : {"000", "022", "777"}) {
    CAPTURE(mask);
    Silent silent;
    silent.start({"sh", "-c", "umask " + mask + "; exec \"$@\"", "sh"});
    silent.rocd().http().post("/peers/self/endpoints", speaker(1));
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator(silent.state())) {
      CAPTURE(entry.path());
      CHECK(entry.status().permissions() == fs::perms(0600));
      ++files;
    }
    CHECK(files == 7);  // lock, two databases, their logs and shared memory
    CHECK(fs::status(silent.state()).permissions() == fs::perms(0700));
  }
}

TEST_CASE("a stored stream that makes no sense any more is left out, told and kept", "[e2e]") {
  Silent silent;
  const std::string uid = "111111-111111-111111";
  silent.start();
  silent.rocd().http().post("/peers/self/endpoints", speaker(1));
  silent.stop();
  const auto file = silent.state() / "state.db";
  OtherProgram(file).run("INSERT INTO item VALUES ('stream', '" + uid +
                         "', 3, '{\"source\": \"the moon\"}'), ('endpoint', '" + uid +
                         "', 1, 'no JSON'), ('stream', 'no uid', 1, '{}')");
  for (int i = 2; i < 4; ++i) {
    silent.start();
    auto& http = silent.rocd().http();
    CHECK(http.get("/streams").as_array().empty());
    CHECK(http.get("/system").at("unreadable").as_array().size() == 3);
    CHECK_THAT(silent.rocd().log(),
               ContainsSubstring("the stored stream '" + uid +
                                 "' cannot be read, is left out, and stays in " + file.string()));
    http.post("/peers/self/endpoints", speaker(i));
    CHECK(count(silent.rocd()) == static_cast<std::size_t>(i));
    silent.stop();
  }
  CHECK(OtherProgram(file).run("SELECT body FROM item WHERE kind = 'stream' AND uid = '" + uid +
                               "'") == "{\"source\": \"the moon\"}");
  CHECK(OtherProgram(file).run("SELECT count(*) FROM item WHERE body = 'no JSON' OR uid = "
                               "'no uid'") == "2");
}

namespace {

// Every kind of write fails with this, and nothing is changed by it.
void refuses_writes(Rocd& rocd, int status, const std::string& code, const std::string& hint) {
  const auto& http = rocd.http();
  const auto before = http.get("/peers/self/endpoints");
  const auto name = http.get("/peers/self");
  const auto& first = before.as_array().at(0).as_object();
  const std::string uri(first.at("endpoint_uri").as_string());
  const json::value stream{
      {"source", {{"connection_type", "external"}}},
      {"destination", {{"connection_type", "endpoint"}, {"endpoint_uri", uri}}}};
  struct Write {
    const char* method;
    std::string path;
    std::optional<json::value> body;
  };
  const std::vector<Write> writes{
      {"POST", "/peers/self/endpoints", speaker(1000)},
      {"PATCH", uri, json::value{{"volume", 0.125}}},
      {"DELETE", uri, {}},
      {"PATCH", "/peers/self", json::value{{"display_name", "Renamed"}}},
      {"PUT", "/streams/222222-222222-222222", stream},
  };
  for (const auto& write : writes) {
    CAPTURE(write.method, write.path);
    const auto answer = http.request(write.method, write.path, write.body);
    CAPTURE(answer.body);
    CHECK(answer.status == status);
    const auto problem = answer.json().as_object();
    CHECK(problem.at("error_code").as_string() == code);
    CHECK_THAT(std::string(problem.at("hint").as_string()), ContainsSubstring(hint));
    CHECK_THAT(std::string(problem.at("detail").as_string()), ContainsSubstring("state.db"));
  }
  CHECK(http.get("/peers/self/endpoints") == before);
  CHECK(http.get("/peers/self") == name);
  CHECK(http.get("/streams").as_array().empty());
  CHECK(http.request("GET", "/healthz").status == 200);
}

void take_microphones(Rocd& rocd, int number) {
  for (int i = 0; i < number; ++i)
    rocd.http().post(
        "/peers/self/endpoints",
        {{"stream_direction", "input"}, {"display_name", "Microphone " + std::to_string(i)}});
}

}  // namespace

TEST_CASE("while the disk is full rocd runs, says so, and writes again when there is room",
          "[e2e]") {
  if (::geteuid() != 0) SKIP("only root can mount a small disk");
  Silent silent;
  fs::create_directories(silent.state());
  // A mount namespace of its own: the disk goes with the process.
  silent.start(
      {"unshare", "--mount", "sh", "-c",
       "mount -t tmpfs -o size=300k,mode=700 none '" + silent.state().string() + "' && exec \"$@\"",
       "sh"});
  auto& rocd = silent.rocd();
  const fs::path inside =
      "/proc/" + std::to_string(rocd.process().pid()) + "/root" + silent.state().string();
  REQUIRE(fs::exists(inside / "state.db"));
  const TempDirectory scratch;
  const auto news = scratch.path() / "news";
  const Process reader({.argv = {"curl", "-sN", rocd.http().url() + "/events?types=daemon.state"},
                        .output = news,
                        .errors = {}});
  const auto is_told = [&](const std::string& what) {
    return eventually([&] { return read_file(news).find(what) != std::string::npos; });
  };
  REQUIRE(is_told("\"synced\""));
  take_microphones(rocd, 2);
  std::ofstream filler(inside / "filler", std::ios::binary);
  while (filler.write(noise(512).data(), 512).flush()) continue;
  filler.close();
  CHECK(rocd.http().get("/system").at("state") == boost::json::value{{"writable", true}});
  refuses_writes(rocd, 500, "io_error", "make room");
  refuses_writes(rocd, 500, "io_error", "make room");
  const auto told = rocd.http().get("/system").at("state");
  CHECK_FALSE(told.at("writable").as_bool());
  CHECK(told.at("hint") == "the disk is full: make room");
  const auto ready = rocd.http().request("GET", "/readyz");
  CHECK(ready.status == 503);
  CHECK(ready.body.find("the state directory cannot be written to") != std::string::npos);
  CHECK(is_told(R"("post":{"state":{"writable":false,)"));
  CHECK(is_told(R"("hint":"the disk is full: make room"}})"));
  fs::remove(inside / "filler");
  // Known without a write of anybody's, or a question.
  CHECK(is_told(R"("post":{"state":{"writable":true}})"));
  CHECK(rocd.http().get("/system").at("state").at("writable").as_bool());
  take_microphones(rocd, 2);
  CHECK(count(rocd) == 4);
  CHECK(OtherProgram(inside / "state.db").run("PRAGMA integrity_check") == "ok");
}

TEST_CASE("after writes that failed, the next rocd finds all that was answered, and nothing else",
          "[e2e]") {
  Silent silent;
  silent.start();
  auto& rocd = silent.rocd();
  take_microphones(rocd, 60);
  const auto limit_files = [&](rlim_t size) {
    rlimit limit{};
    REQUIRE(::prlimit(rocd.process().pid(), RLIMIT_FSIZE, nullptr, &limit) == 0);
    limit.rlim_cur = size;
    REQUIRE(::prlimit(rocd.process().pid(), RLIMIT_FSIZE, &limit, nullptr) == 0);
  };
  const auto log_size = fs::file_size(silent.state() / "state.db-wal");
  REQUIRE(log_size > 200'000);
  REQUIRE(fs::file_size(silent.log()) < log_size);
  limit_files(log_size);  // as a quota: the log of writes takes no more
  refuses_writes(rocd, 500, "io_error", "the disk does not take it");
  limit_files(RLIM_INFINITY);
  take_microphones(rocd, 1);
  limit_files(fs::file_size(silent.state() / "state.db-wal"));
  refuses_writes(rocd, 500, "io_error", "the disk does not take it");
  silent.kill();
  silent.start();
  CHECK(count(silent.rocd()) == 61);
  CHECK(OtherProgram(silent.state() / "state.db").run("PRAGMA integrity_check") == "ok");
}

TEST_CASE("while another program has locked the state, writes are to be tried again", "[e2e]") {
  Silent silent;
  silent.start();
  auto& rocd = silent.rocd();
  take_microphones(rocd, 2);
  {
    const OtherProgram other(silent.state() / "state.db");
    other.run("BEGIN IMMEDIATE; DELETE FROM item");
    refuses_writes(rocd, 503, "unavailable", "try again when that program is done");
    other.run("ROLLBACK; BEGIN; SELECT count(*) FROM item");  // a reader is in nobody's way
    take_microphones(rocd, 1);
  }
  CHECK(count(rocd) == 3);
}
