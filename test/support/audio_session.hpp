// A private PipeWire session (scripts/audio-session.sh) in a directory of its own, for the length
// of a test. While it lives, the environment of this process leads PipeWire and Pulse clients to
// it.
#pragma once

#include <boost/json/array.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace rocd::test {

class AudioSession {
 public:
  enum class Start {
    running,
    later
  };  // later: only the directory and the environment; restart() starts it

  // Throws std::runtime_error with the script's output if the session does not come up.
  explicit AudioSession(Start start = Start::running);
  ~AudioSession();  // ends it and removes the directory; so does the death of this process
  AudioSession(const AudioSession&) = delete;
  AudioSession& operator=(const AudioSession&) = delete;

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
  [[nodiscard]] std::string remote() const;  // path of PipeWire's socket

  void kill(std::string_view daemon);  // SIGKILL of pipewire, wireplumber or pipewire-pulse
  void restart();                      // whatever is dead
  void signal(std::string_view daemon, int signal);  // SIGSTOP, SIGCONT
  [[nodiscard]] int pid(std::string_view daemon) const;

  // Runs a shell command in the session; returns its standard output. Throws if it fails.
  std::string run(const std::string& command) const;
  // All objects, as pw-dump (a client of its own) sees them.
  [[nodiscard]] boost::json::array dump() const;

 private:
  void script(const std::string& arguments) const;

  std::filesystem::path directory_;
  std::map<std::string, std::string> saved_environment_;  // value behind a '=', or empty: was unset
  bool started_ = false;
};

}  // namespace rocd::test
