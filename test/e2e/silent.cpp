#include "e2e/silent.hpp"

#include <csignal>
#include <stdexcept>

namespace rocd::test {

Silent::Silent(const std::string& entries) : config_(directory_.path() / "rocd.yaml") {
  write_file(config_,
             "http: { unix_socket: off }\nevents: { socket: off }\n"
             "audio: { remote: " +
                 (directory_.path() / "no-pipewire").string() +
                 " }\n"
                 "tools: { roc_send: /nonexistent/roc-send, roc_recv: /nonexistent/roc-recv }\n" +
                 entries);
}

void Silent::start(const std::vector<std::string>& launcher) {
  rocd_.reset();
  rocd_.emplace(
      Rocd::Options{.config = config_, .state = state(), .log = log(), .launcher = launcher});
}

void Silent::kill() {
  rocd_->process().signal(SIGKILL);
  if (rocd_->process().wait() != "signal 9") throw std::runtime_error("rocd survives SIGKILL");
}

void Silent::stop() {
  rocd_->process().signal(SIGTERM);
  const auto end = rocd_->process().wait();
  if (end != "exit 0")
    throw std::runtime_error("rocd ends with " + end.value_or("nothing") + ":\n" + rocd_->log());
}

Finished Silent::refused(const std::vector<std::string>& launcher) const {
  auto argv = command();
  argv.insert(argv.begin(), launcher.begin(), launcher.end());
  return run_program(argv, 10s);
}

std::vector<std::string> Silent::command() const {
  return {rocd_program(), "--config", config_, "--listen", "127.0.0.1:0", "--state-dir", state()};
}

}  // namespace rocd::test
