// A child for tests: does what its arguments say, one after the other.
//
//   out=TEXT err=TEXT     a line to stdout, stderr
//   bytes=N               N bytes to stderr without a newline
//   spam=out spam=err     lines without end
//   report                what it was given: pgid, descriptors, signals, environment, …
//   ignore=SIGNAL         by number
//   grandchild=group      forks one that ignores SIGTERM and keeps our pipes; says "grandchild PID"
//   grandchild=session    the same in a session of its own, so that no group signal reaches it
//   started=FILE          appends the CLOCK_MONOTONIC time in ns
//   sleep=MS wait         for a time, for ever
//   exit=N crash=SIGNAL   the end (without arguments: exit status 0)
//
// Every other argument (name=…) only marks the process in /proc.
#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <string>

namespace {

void say(int descriptor, std::string line) {
  line += '\n';
  if (::write(descriptor, line.data(), line.size()) < 0) ::_exit(99);
}

[[noreturn]] void wait_for_ever() {
  for (;;) ::pause();
}

std::string link_target(const std::string& path) {
  char buffer[4096];
  const auto size = ::readlink(path.c_str(), buffer, sizeof buffer);
  return size < 0 ? "?" : std::string(buffer, static_cast<std::size_t>(size));
}

std::string open_descriptors() {
  std::set<int> found;
  DIR* directory = ::opendir("/proc/self/fd");
  while (const auto* entry = ::readdir(directory)) {
    const int number = std::atoi(entry->d_name);
    if (entry->d_name[0] != '.' && number != ::dirfd(directory)) found.insert(number);
  }
  ::closedir(directory);
  std::string text;
  for (const int number : found) text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

void report() {
  // Before anything opens a descriptor of its own.
  say(1, "fds " + open_descriptors());
  say(1, "stdin " + link_target("/proc/self/fd/0"));
  say(1, "cwd " + link_target("/proc/self/cwd"));
  say(1, "pgid " + std::to_string(::getpgrp()) + " pid " + std::to_string(::getpid()));
  int death_signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &death_signal);
  say(1, "pdeathsig " + std::to_string(death_signal));
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("SigBlk") || line.starts_with("SigIgn") || line.starts_with("SigCgt"))
      say(1, line);
  for (char** entry = ::environ; *entry != nullptr; ++entry) say(1, std::string("env ") + *entry);
  say(1, "end of report");
}

void fork_grandchild(bool own_session) {
  const auto pid = ::fork();
  if (pid != 0) {
    say(1, "grandchild " + std::to_string(pid));
    return;
  }
  std::signal(SIGTERM, SIG_IGN);
  if (own_session) {
    ::setsid();
    ::alarm(60);  // should a test forget it
  }
  say(1, own_session ? "left the group" : "stays in the group");
  wait_for_ever();
}

void note_start(const char* file) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto text = std::to_string(now.tv_sec * 1'000'000'000LL + now.tv_nsec) + "\n";
  const int descriptor = ::open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor < 0 || ::write(descriptor, text.data(), text.size()) < 0) ::_exit(98);
  ::close(descriptor);
}

void obey(const std::string& verb, const char* value) {
  if (verb == "out") say(1, value);
  if (verb == "err") say(2, value);
  if (verb == "bytes") {
    const std::string bytes(static_cast<std::size_t>(std::atol(value)), 'x');
    for (std::size_t done = 0; done < bytes.size();) {
      const auto written = ::write(2, bytes.data() + done, bytes.size() - done);
      if (written < 0) ::_exit(99);
      done += static_cast<std::size_t>(written);
    }
  }
  if (verb == "spam") {
    for (int number = 0;; ++number)
      say(std::strcmp(value, "out") == 0 ? 1 : 2, "spam " + std::to_string(number));
  }
  if (verb == "report") report();
  if (verb == "ignore") std::signal(std::atoi(value), SIG_IGN);
  if (verb == "grandchild") fork_grandchild(std::strcmp(value, "session") == 0);
  if (verb == "started") note_start(value);
  if (verb == "sleep") ::usleep(static_cast<useconds_t>(std::atol(value)) * 1000);
  if (verb == "wait") wait_for_ever();
  if (verb == "exit") ::_exit(std::atoi(value));
  if (verb == "crash") {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    std::signal(std::atoi(value), SIG_DFL);
    std::raise(std::atoi(value));
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const char* equals = std::strchr(argv[i], '=');
    if (equals == nullptr)
      obey(argv[i], "");
    else
      obey(std::string(argv[i], static_cast<std::size_t>(equals - argv[i])), equals + 1);
  }
}
