#include "support/audio_session.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/json/parse.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace rocd::test {
namespace {

const std::string script_path = ROCD_SOURCE_DIR "/scripts/audio-session.sh";

struct Output {
  std::string text;
  int status = 0;
};

Output shell(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "re"), ::pclose);
  if (!pipe) throw std::runtime_error("popen: " + command);
  Output output;
  std::array<char, 4096> buffer{};
  while (const auto size = std::fread(buffer.data(), 1, buffer.size(), pipe.get()))
    output.text.append(buffer.data(), size);
  output.status = ::pclose(pipe.release());
  return output;
}

}  // namespace

AudioSession::AudioSession(Start start) {
  std::string name = "/tmp/rocd-session.XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  directory_ = name;
  const std::map<std::string, std::string> environment = {
      {"HOME", name + "/home"},
      {"XDG_RUNTIME_DIR", name},
      {"XDG_CONFIG_HOME", name + "/home/.config"},
      {"XDG_STATE_HOME", name + "/home/.local/state"},
      {"DBUS_SESSION_BUS_ADDRESS", "unix:path=" + name + "/bus"},
      {"PULSE_SERVER", "unix:" + name + "/pulse/native"},
      {"PIPEWIRE_RUNTIME_DIR", name},
      {"PIPEWIRE_REMOTE", "pipewire-0"},
  };
  for (const auto& [key, value] : environment) {
    const char* old = std::getenv(key.c_str());
    saved_environment_[key] = old == nullptr ? "" : std::string("=") + old;
    ::setenv(key.c_str(), value.c_str(), 1);
  }
  if (start == Start::running) restart();
}

AudioSession::~AudioSession() {
  if (started_) shell("'" + script_path + "' stop --remove '" + directory_.string() + "' 2>&1");
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
  for (const auto& [key, value] : saved_environment_) {
    if (value.empty()) {
      ::unsetenv(key.c_str());
    } else {
      ::setenv(key.c_str(), value.c_str() + 1, 1);
    }
  }
}

std::string AudioSession::remote() const {
  return (directory_ / "pipewire-0").string();
}

void AudioSession::script(const std::string& arguments) const {
  const auto output = shell("'" + script_path + "' " + arguments + " 2>&1");
  if (output.status != 0)
    throw std::runtime_error("audio-session.sh " + arguments + ": " + output.text);
}

void AudioSession::kill(std::string_view daemon) {
  script("kill '" + directory_.string() + "' " + std::string(daemon));
}

void AudioSession::restart() {
  if (started_) return script("restart '" + directory_.string() + "'");
  script("start --owner " + std::to_string(::getpid()) + " '" + directory_.string() + "'");
  started_ = true;
}

int AudioSession::pid(std::string_view daemon) const {
  std::ifstream file(directory_ / "pids" / daemon);
  int pid = 0;
  if (!(file >> pid)) throw std::runtime_error("no pid of " + std::string(daemon));
  return pid;
}

void AudioSession::signal(std::string_view daemon, int signal) {
  ::kill(pid(daemon), signal);
}

std::string AudioSession::run(const std::string& command) const {
  const auto output = shell(command);
  if (output.status != 0) throw std::runtime_error(command + " failed: " + output.text);
  return output.text;
}

boost::json::array AudioSession::dump() const {
  return boost::json::parse(run("timeout 10 pw-dump -N")).as_array();
}

}  // namespace rocd::test
