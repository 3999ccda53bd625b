// Readers of the log that do not read, and logs that cannot be written. All of it happens in a
// process of its own, which is ended if it waits for somebody.
#include "base/stderr_sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/descriptor.hpp"
#include "base/log.hpp"
#include "support/temp_directory.hpp"

using namespace rocd;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr int patience_ms = 30'000;

struct Ends {
  Descriptor read, write;
};

Ends make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// All that can be read now.
std::string drain(const Descriptor& from) {
  std::string text;
  std::array<char, 65536> buffer{};
  pollfd readable{from.get(), POLLIN, 0};
  while (::poll(&readable, 1, 0) == 1) {
    const auto size = ::read(from.get(), buffer.data(), buffer.size());
    if (size <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return text;
}

[[noreturn]] void tell_and_exit(const Descriptor& to, std::string_view text) {
  while (!text.empty()) {
    const auto size = ::write(to.get(), text.data(), text.size());
    if (size < 0) ::_exit(1);
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  ::_exit(0);
}

// Up to the end of file; nullopt if that does not come.
std::optional<std::string> hear(const Descriptor& from) {
  std::string text;
  std::array<char, 65536> buffer{};
  pollfd readable{from.get(), POLLIN, 0};
  while (::poll(&readable, 1, patience_ms) == 1) {
    const auto size = ::read(from.get(), buffer.data(), buffer.size());
    if (size <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return std::nullopt;
}

// What `body` gives in a process of its own; throws if it waits for somebody, or throws itself.
std::string result_of(const std::function<std::string()>& body) {
  auto answer = make_pipe();
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork");
  if (child == 0) {
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);
    try {
      tell_and_exit(answer.write, body());
    } catch (const std::exception&) {
      ::_exit(2);
    }
  }
  answer.write = Descriptor();
  const auto heard = hear(answer.read);
  if (!heard) ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!heard) throw std::runtime_error("it waits");
  if (status != 0) throw std::runtime_error("it ends with status " + std::to_string(status));
  return *heard;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// A log of lines "room level text" on a descriptor.
struct Log {
  explicit Log(int descriptor) : sink(std::make_shared<StderrSink>(descriptor)) {
    sink->set_pattern("%n %l %v");
  }
  explicit Log(const Descriptor& descriptor) : Log(descriptor.get()) {}
  void say(const std::string& text) { logger.info("{}", text); }
  // "1", "2", … until one is dropped; how many were not.
  int fill() {
    int said = 0;
    for (const auto before = sink->dropped(); sink->dropped() == before; ++said)
      say(std::to_string(said + 1));
    return said - 1;
  }

  std::shared_ptr<StderrSink> sink;
  spdlog::logger logger{"test", sink};
};

// Whoever reads stops, and goes on later. What it gets: whole lines, a note, the next line.
std::string stop_and_go_on(const Ends& ends) {
  Log log(ends.write);
  const int taken = log.fill();
  if (taken < 100) return "only " + std::to_string(taken) + " lines were taken";
  for (int i = 0; i < 1000; ++i) log.say("dropped");
  if (log.sink->dropped() != 1001) return "dropped: " + std::to_string(log.sink->dropped());

  // The end of a line that was begun comes when it can.
  auto text = drain(ends.read);
  log.say("after");
  text += drain(ends.read);
  log.say("and more");
  text += drain(ends.read);
  if (!text.ends_with('\n')) return "a line has no end";

  const auto lines = lines_of(text);
  const auto count = static_cast<std::size_t>(taken);
  if (lines.size() != count + 3) return std::to_string(lines.size()) + " lines";
  for (std::size_t i = 0; i < count; ++i)
    if (lines[i] != "test info " + std::to_string(i + 1)) return "a line is " + lines[i];
  if (!lines[count].starts_with("log warning 1001 lines of this log were dropped since 2") ||
      !lines[count].ends_with("Z, because nobody read them"))
    return "the note is " + lines[count];
  if (lines[count + 1] != "test info after") return "the next line is " + lines[count + 1];
  return lines[count + 2] == "test info and more" ? "good" : "the last line is " + lines.back();
}

// A line that is longer than what nobody reads can be: it is whole when somebody does.
std::string begin_long_line(const Ends& ends) {
  Log log(ends.write);
  const std::string text(1'000'000, 'x');
  log.say(text);
  if (log.sink->dropped() != 0) return "not even begun";
  log.say("dropped");
  std::string got = drain(ends.read);
  if (got.empty() || got.size() > text.size()) return "no beginning: " + std::to_string(got.size());
  std::uint64_t said = 1;
  for (; log.sink->dropped() == said; ++said) {
    log.say("next");
    got += drain(ends.read);
  }
  const auto lines = lines_of(got);
  if (lines.size() != 3) return std::to_string(lines.size()) + " lines";
  if (lines[0] != "test info " + text) return "the long line is not whole";
  if (!lines[1].starts_with("log warning " + std::to_string(said - 1) + " line")) return lines[1];
  return lines[2] == "test info next" ? "good" : lines[2];
}

// Nothing can be opened: all descriptors that there may be are in use.
void open_no_more() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 3;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

Ends make_sockets() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw std::runtime_error("socketpair");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// A terminal, and the window that shows it.
Ends make_terminal() {
  Descriptor window(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!window || ::grantpt(window.get()) != 0 || ::unlockpt(window.get()) != 0)
    throw std::runtime_error("posix_openpt");
  std::array<char, 64> name{};
  ::ptsname_r(window.get(), name.data(), name.size());
  Descriptor terminal(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios settings{};
  if (::tcgetattr(terminal.get(), &settings) != 0) throw std::runtime_error("tcgetattr");
  settings.c_oflag &= ~static_cast<tcflag_t>(ONLCR);  // lines end as they were written
  ::tcsetattr(terminal.get(), TCSANOW, &settings);
  return {std::move(window), std::move(terminal)};
}

void limit_file_size(rlim_t size) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = size;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("who does not read rocd's log holds nobody up, and gets whole lines of JSON later") {
  const auto text = result_of([] {
    const auto pipe = make_pipe();
    ::dup2(pipe.write.get(), STDERR_FILENO);
    configure_log({.level = spdlog::level::info, .format = LogFormat::json});
    for (int i = 1; i <= 100'000; ++i) log("test").info("{}", i);
    const auto dropped = std::to_string(dropped_log_lines());
    auto read = drain(pipe.read);
    log("test").info("after");
    return dropped + "\n" + read + drain(pipe.read);
  });
  REQUIRE(text.ends_with('\n'));
  auto lines = lines_of(text);
  const auto dropped = lines.front();
  lines.erase(lines.begin());
  REQUIRE(lines.size() > 100);
  CHECK(lines.size() - 2 + std::stoul(dropped) == 100'000);
  const auto field = [&](std::size_t line, const char* name) {
    return std::string(boost::json::parse(lines[line]).at(name).as_string());
  };
  for (std::size_t i = 0; i < lines.size() - 2; ++i)
    REQUIRE(field(i, "message") == std::to_string(i + 1));
  const auto note = lines.size() - 2;
  CHECK(field(note, "message").starts_with(dropped + " lines of this log were dropped since 2"));
  CHECK(field(note, "room") == "log");
  CHECK(field(note, "level") == "warning");
  CHECK(field(note + 1, "message") == "after");
}

TEST_CASE("a log that nobody reads loses lines, counts them, and tells whoever reads it later") {
  struct Kind {
    const char* name;
    Ends (*make)();
  };
  for (const auto& kind : {Kind{"pipe", make_pipe}, Kind{"socket, as the journal's", make_sockets},
                           Kind{"terminal", make_terminal}})
    for (const bool can_open : {true, false}) {
      INFO(kind.name << (can_open ? "" : " that cannot be opened once more"));
      const auto try_it = [&](std::string (*story)(const Ends&)) {
        return result_of([&] {
          const auto ends = kind.make();
          if (!can_open) open_no_more();
          return story(ends);
        });
      };
      CHECK(try_it(stop_and_go_on) == "good");
      CHECK(try_it(begin_long_line) == "good");
    }
}

TEST_CASE("a terminal on which somebody has pressed Ctrl-S loses lines, and holds nobody up") {
  const auto text = result_of([] {
    const auto ends = make_terminal();
    Log log(ends.write);
    ::tcflow(ends.write.get(), TCOOFF);
    for (int i = 0; i < 10; ++i) log.say("dropped");
    ::tcflow(ends.write.get(), TCOON);
    log.say("after");
    return drain(ends.read);
  });
  const auto lines = lines_of(text);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("log warning 10 lines of this log were dropped since 2"));
  CHECK(lines[1] == "test info after");
}

TEST_CASE("what others know of the descriptor stays as it is: writing to it waits") {
  const auto pipe = make_pipe();
  const int before = ::fcntl(pipe.write.get(), F_GETFL);
  Log log(pipe.write);
  log.fill();
  CHECK(::fcntl(pipe.write.get(), F_GETFL) == before);
  CHECK((before & O_NONBLOCK) == 0);
}

TEST_CASE("a log whose reader has gone is not written, and a reader that comes is told") {
  const auto text = result_of([] {
    const test::TempDirectory directory;
    const auto path = directory.path() / "log";
    if (::mkfifo(path.c_str(), 0600) != 0) return std::string("no FIFO");
    Descriptor read(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const Descriptor written(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    read = Descriptor();
    Log log(written);
    for (int i = 0; i < 10; ++i) log.say("before anybody read");
    read = Descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    log.say("somebody reads");
    auto got = drain(read);
    read = Descriptor();
    log.say("dropped");
    read = Descriptor(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    log.say("again");
    return got + drain(read);
  });
  const auto lines = lines_of(text);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with("log warning 10 lines of this log were dropped since 2"));
  CHECK(lines[0].ends_with("Z, because it could not be written: Broken pipe"));
  CHECK(lines[1] == "test info somebody reads");
  CHECK(lines[2].starts_with("log warning 1 line of this log was dropped since 2"));
  CHECK(lines[3] == "test info again");
}

TEST_CASE("a descriptor that is closed takes no log, until it is another file") {
  const auto text = result_of([] {
    const auto first = make_pipe();
    const auto second = make_pipe();
    const int number = ::dup(first.write.get());
    Log log(number);
    log.say("one");
    ::close(number);
    for (int i = 0; i < 10; ++i) log.say("dropped");
    ::dup2(second.write.get(), number);
    log.say("two");
    return drain(first.read) + drain(second.read);
  });
  const auto lines = lines_of(text);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "test info one");
  CHECK_THAT(lines[1], ContainsSubstring("10 lines of this log were dropped"));
  CHECK_THAT(lines[1], ContainsSubstring("Bad file descriptor"));
  CHECK(lines[2] == "test info two");
}

TEST_CASE("a full disk ends a line in the middle, and has the rest of it when there is room") {
  const auto text = result_of([] {
    const test::TempDirectory directory;
    const auto path = directory.path() / "log";
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    Log log(file);
    limit_file_size(25);
    log.say("first");   // 16 bytes with its end
    log.say("second");  // 9 of 17
    log.say("dropped");
    const auto before = read_file(path);
    limit_file_size(RLIM_INFINITY);
    log.say("third");
    return before + "|" + read_file(path);
  });
  const auto lines = lines_of(text);
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] == "test info first");
  CHECK(lines[1] == "test info|test info first");
  CHECK(lines[2] == "test info second");
  CHECK_THAT(lines[3], ContainsSubstring("1 line of this log was dropped since 2"));
  CHECK_THAT(lines[3], ContainsSubstring("it could not be written: File too large"));
  CHECK(lines[4] == "test info third");
}

TEST_CASE("a device that takes nothing is no endless loop") {
  CHECK(result_of([] {
          const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
          Log log(full);
          for (int i = 0; i < 10; ++i) log.say("dropped");
          return std::to_string(log.sink->dropped());
        }) == "10");
}
