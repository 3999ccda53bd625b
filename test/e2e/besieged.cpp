#include "e2e/besieged.hpp"

#include <sys/resource.h>

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <sstream>
#include <stdexcept>

namespace rocd::test {
Hostile closes(std::string name, std::string bytes, int status, std::string says) {
  return {std::move(name), {std::move(bytes)}, status, Hostile::After::closes, std::move(says)};
}

Hostile stays(std::string name, std::string bytes, int status, std::string says) {
  return {std::move(name), {std::move(bytes)}, status, Hostile::After::stays, std::move(says)};
}

std::string get(const std::string& target, const std::string& more) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

void allow_descriptors(std::size_t count) {
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  if (limit.rlim_cur >= count) return;
  if (limit.rlim_max < count) SKIP("needs " << count << " descriptors");
  limit.rlim_cur = count;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

Besieged::Besieged(const std::string& http, const std::vector<std::string>& launcher) {
  const auto config = directory_.path() / "rocd.yaml";
  write_file(config, "http: { unix_socket: " + unix_socket().string() +
                         (http.empty() ? "" : ", " + http) +
                         " }\nevents: { socket: off }\naudio: { remote: " +
                         (directory_.path() / "no-pipewire").string() +
                         " }\n"
                         "tools: { roc_send: /nonexistent/roc-send, roc_recv: "
                         "/nonexistent/roc-recv }\n");
  rocd_.emplace(Rocd::Options{.config = config,
                              .state = directory_.path() / "state",
                              .log = directory_.path() / "rocd.log",
                              .launcher = launcher});
  pid_ = rocd_->process().pid();
  const auto url = rocd_->http().url();
  port_ = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  friend_.emplace(connect());
  REQUIRE(serves_the_others());
}

Besieged::~Besieged() {
  INFO(rocd_->log());
  rocd_->process().signal(SIGTERM);
  CHECK(rocd_->process().wait() == "exit 0");
}

bool Besieged::serves_the_others() {
  if (!friend_->send(get())) return false;
  const auto answer = friend_->answer();
  return answer && answer->status == 200 && friend_->input().empty();
}

void Besieged::suffer(const std::vector<Hostile>& table) {
  for (const auto& hostile : table) {
    CAPTURE(hostile.name);
    auto connection = connect();
    for (const auto& piece : hostile.pieces) connection.send(piece);
    connection.send(get());  // it must be answered, or must not be
    if (hostile.status != 0) {
      const auto answer = connection.answer();
      CHECK(answer);
      if (answer) {
        CAPTURE(answer->head, answer->body.substr(0, 1000));
        CHECK(answer->status == hostile.status);
        CHECK(answer->body.find(hostile.says) != std::string::npos);
        const bool tells_to_close = answer->head.find("\r\nConnection: close") != std::string::npos;
        CHECK(tells_to_close == (hostile.after == Hostile::After::closes));
      }
    }
    if (hostile.after == Hostile::After::stays) {
      const auto second = connection.answer();
      CHECK(second);
      if (second) CHECK(second->status == 200);
    } else {
      CHECK(connection.closes());
      CHECK(connection.input().empty());  // what came after was not heard
    }
    CHECK(serves_the_others());
  }
}

std::size_t Besieged::memory_bytes(const std::string& field) const {
  std::istringstream status(read_file("/proc/" + std::to_string(pid_) + "/status"));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field + ":")) return std::stoul(line.substr(field.size() + 1)) * 1024;
  throw std::runtime_error("no " + field + " of rocd");
}

std::size_t Besieged::log_lines(const std::string& text) const {
  std::istringstream log(rocd_->log());
  std::size_t count = 0;
  for (std::string line; std::getline(log, line);) count += line.find(text) != std::string::npos;
  return count;
}

double Besieged::metric(const std::string& series) const {
  auto connection = RawConnection::unix_socket(unix_socket());
  connection.send(get("/metrics"));
  const auto answer = connection.answer();
  if (!answer) throw std::runtime_error("no /metrics");
  std::istringstream text(answer->body);
  for (std::string line; std::getline(text, line);)
    if (line.starts_with(series + " ")) return std::stod(line.substr(series.size() + 1));
  return 0;
}

}  // namespace rocd::test
