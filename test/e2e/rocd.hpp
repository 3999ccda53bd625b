// The real daemon, started as an application would start its own: a free port, told over a
// descriptor, and what it shows over REST.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "e2e/http.hpp"
#include "e2e/process.hpp"

namespace rocd::test {

[[nodiscard]] std::string rocd_program();

class Rocd {
 public:
  struct Options {
    std::filesystem::path config;
    std::filesystem::path state;
    std::filesystem::path log;
    std::vector<std::string> arguments = {};
    std::vector<std::string> launcher = {};  // a command that ends in running what follows it
  };

  // Returns once it answers; throws with its log if it does not.
  explicit Rocd(const Options& options);

  [[nodiscard]] Process& process() { return *process_; }
  [[nodiscard]] const HttpClient& http() const { return *http_; }
  [[nodiscard]] std::string log() const { return read_file(options_.log); }

  // As GET shows it; throws if there is none.
  [[nodiscard]] boost::json::object stream(const std::string& display_name) const;
  // Rather a virtual device than a system device of the same name.
  [[nodiscard]] boost::json::object endpoint(const std::string& system_name) const;
  [[nodiscard]] std::string state_of(const std::string& stream) const;
  [[nodiscard]] int child_of(const std::string& stream) const;  // -1: none

  // Throws with the last status and the log when the time is over.
  void wait_for_streams(const std::vector<std::string>& streams,
                        const std::string& state = "running", Milliseconds limit = patience) const;
  void wait_for_endpoint(const std::string& system_name,
                         const std::string& state = "present") const;

 private:
  [[nodiscard]] std::string log_tail() const;

  Options options_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<HttpClient> http_;
};

}  // namespace rocd::test
