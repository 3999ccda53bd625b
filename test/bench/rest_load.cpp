// Load for scripts/bench-rest.sh, beside what wrk can do: acknowledged writes one after the other,
// and the way of one event to the last of many readers. Prints "n median p99 max" in milliseconds.
//   rest_load patch PORT COUNT PATH            PATCHes display_name of the resource
//   rest_load events PORT READERS COUNT PATH   the same, and waits each time for all readers
//   rest_load floor READERS COUNT              the same readers of a loop that only calls send(2):
//   what the
//                                              system itself takes
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "rest_load: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

// From 127.0.0.2 on, 60 connections each: rocd allows 64 per address.
int connect_to(int port, int number) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + static_cast<unsigned>(number / 60));
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    fail("bind");
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

void send_all(int fd, const std::string& text) {
  if (::send(fd, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size()))
    fail("send");
}

std::string patch_request(const std::string& path, const std::string& name) {
  const auto body = "{\"display_name\":\"" + name + "\"}";
  return "PATCH " + path +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Heads are read until the body, which is one write of rocd's, has come, too.
void read_answer(int fd) {
  std::string text;
  char block[16384];
  for (;;) {
    const auto got = ::recv(fd, block, sizeof block, 0);
    if (got <= 0) fail("recv");
    text.append(block, static_cast<std::size_t>(got));
    const auto head = text.find("\r\n\r\n");
    const auto length = text.find("Content-Length: ");
    if (head == text.npos || length > head) continue;
    if (text.size() >= head + 4 + std::strtoul(text.c_str() + length + 16, nullptr, 10)) break;
  }
  if (!text.starts_with("HTTP/1.1 200")) {
    std::fprintf(stderr, "rest_load: %s\n", text.c_str());
    std::exit(1);
  }
}

void report(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    return values[std::min(values.size() - 1,
                           static_cast<std::size_t>(share * static_cast<double>(values.size())))];
  };
  std::printf("%zu %.3f %.3f %.3f\n", values.size(), at(0.5), at(0.99), values.back());
}

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

struct Reader {
  int fd = -1;
  std::string tail;  // enough to find a text that is split
  bool seen = false;
};

class Readers {
 public:
  Readers(int port, int count, const std::string& path)
      : readers_(static_cast<std::size_t>(count)) {
    for (int i = 0; i < count; ++i) {
      auto& reader = readers_[static_cast<std::size_t>(i)];
      reader.fd = connect_to(port, i);
      send_all(reader.fd, "GET /events?uri=" + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = static_cast<std::uint64_t>(i);
      if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, reader.fd, &event) != 0) fail("epoll_ctl");
    }
  }

  // Until every reader has got it.
  void wait_for(const std::string& text) {
    for (auto& reader : readers_) reader.seen = false;
    std::size_t waiting = readers_.size();
    std::vector<epoll_event> events(256);
    while (waiting > 0) {
      const int ready =
          ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 10'000);
      if (ready <= 0) fail("no event for 10 s");
      for (int i = 0; i < ready; ++i)
        waiting -= take(readers_[events[static_cast<std::size_t>(i)].data.u64], text);
    }
  }

 private:
  static std::size_t take(Reader& reader, const std::string& text) {
    char block[16384];
    const auto got = ::recv(reader.fd, block, sizeof block, MSG_DONTWAIT);
    if (got <= 0) fail("a reader was dropped");
    reader.tail.append(block, static_cast<std::size_t>(got));
    const bool found = !reader.seen && reader.tail.find(text) != std::string::npos;
    reader.seen |= found;
    if (reader.tail.size() > 4096) reader.tail.erase(0, reader.tail.size() - 256);
    return found ? 1 : 0;
  }

  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<Reader> readers_;
};

// The bytes of one event of `events`, about.
std::string event_of(const std::string& name) {
  return "data: " + std::string(1000, '.') + "\"display_name\":\"" + name + "\"\n\n";
}

// Answers like rocd's, without a server: each line from `commands` goes to all readers at once.
[[noreturn]] void serve_floor(int listener, int commands, int readers) {
  std::vector<int> fds;
  while (fds.size() < static_cast<std::size_t>(readers)) {
    fds.push_back(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
    if (fds.back() < 0) fail("accept");
    const int on = 1;
    ::setsockopt(fds.back(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    send_all(fds.back(), "\"type\":\"synced\"\n\n");
  }
  char name[64];
  for (ssize_t size = 0; (size = ::read(commands, name, sizeof name)) > 0;) {
    const auto event = event_of({name, static_cast<std::size_t>(size)});
    for (const int fd : fds) send_all(fd, event);
  }
  std::exit(0);
}

int measure_floor(int readers, int count) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  int commands[2];
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(listener, 1024) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      ::pipe(commands) != 0)
    fail("listen");
  if (::fork() == 0) {
    ::close(commands[1]);
    serve_floor(listener, commands[0], readers);
  }
  Readers all(ntohs(address.sin_port), readers, "/");
  all.wait_for("\"type\":\"synced\"");
  std::vector<double> took;
  for (int i = 0; i < count; ++i) {
    const auto name = "floor-" + std::to_string(i) + ".";
    const auto begin = Clock::now();
    if (::write(commands[1], name.data(), name.size()) < 0) fail("write");
    all.wait_for("\"display_name\":\"" + name + "\"");
    took.push_back(milliseconds_since(begin));
  }
  report(took);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "floor" && argc == 4) return measure_floor(std::atoi(argv[2]), std::atoi(argv[3]));
  const bool events = mode == "events";
  if ((mode != "patch" || argc != 5) && (!events || argc != 6)) {
    std::fprintf(stderr,
                 "usage: rest_load patch PORT COUNT PATH | events PORT READERS COUNT PATH |\n"
                 "       rest_load floor READERS COUNT\n");
    return 2;
  }
  const int port = std::atoi(argv[2]);
  const int count = std::atoi(argv[argc - 2]);
  const std::string path = argv[argc - 1];
  Readers readers(port, events ? std::atoi(argv[3]) : 0, path);
  if (events) readers.wait_for("\"type\":\"synced\"");
  const int writer = connect_to(port, 2000);
  std::vector<double> took;
  for (int i = 0; i < count; ++i) {
    const auto name = "bench-" + std::to_string(i) + "-" + std::to_string(::getpid());
    const auto begin = Clock::now();
    send_all(writer, patch_request(path, name));
    if (events) {
      readers.wait_for("\"display_name\":\"" + name + "\"");
      took.push_back(milliseconds_since(begin));
      read_answer(writer);
    } else {
      read_answer(writer);
      took.push_back(milliseconds_since(begin));
    }
  }
  report(took);
  return 0;
}
