#include "e2e/rocd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

namespace rocd::test {
namespace json = boost::json;
namespace {

class ReadyPipe {
 public:
  ReadyPipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  }
  ~ReadyPipe() {
    ::close(ends_[0]);
    close_write_end();
  }
  ReadyPipe(const ReadyPipe&) = delete;
  ReadyPipe& operator=(const ReadyPipe&) = delete;

  [[nodiscard]] int write_end() const { return ends_[1]; }
  void close_write_end() {
    if (ends_[1] >= 0) ::close(ends_[1]);
    ends_[1] = -1;
  }

  // Empty if the other side closed it without a line, or nothing came in time.
  [[nodiscard]] std::string read_line() const {
    pollfd readable{.fd = ends_[0], .events = POLLIN, .revents = 0};
    std::array<char, 256> buffer{};
    if (::poll(&readable, 1, static_cast<int>(patience.count())) != 1) return "";
    const auto size = ::read(ends_[0], buffer.data(), buffer.size());
    if (size <= 0) return "";
    const std::string text(buffer.data(), static_cast<std::size_t>(size));
    return text.substr(0, text.find('\n'));
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

// Rather a virtual device: another program may have one of the same name, which is a system device.
const json::object* find_endpoint(const json::value& endpoints, const std::string& system_name) {
  for (const std::string type : {"streaming_device", "system_device"})
    for (const auto& endpoint : endpoints.as_array())
      if (endpoint.at("system_name").as_string() == system_name &&
          endpoint.at("endpoint_type").as_string() == type)
        return &endpoint.as_object();
  return nullptr;
}

}  // namespace

std::string rocd_program() {
  return ROCD_BIN_DIR "/rocd";
}

Rocd::Rocd(const Options& options) : options_(options) {
  ReadyPipe ready;
  std::vector<std::string> argv{rocd_program(),      "--listen",   "127.0.0.1:0", "--state-dir",
                                options.state,       "--ready-fd", "3",           "-v",
                                "--exit-with-parent"};
  if (!options.config.empty()) argv.insert(argv.end(), {"--config", options.config});
  argv.insert(argv.end(), options.arguments.begin(), options.arguments.end());
  argv.insert(argv.begin(), options.launcher.begin(), options.launcher.end());
  process_ = std::make_unique<Process>(Process::Options{
      .argv = argv, .output = options.log, .errors = {}, .descriptor_3 = ready.write_end()});
  ready.close_write_end();
  const auto url = ready.read_line();
  if (url.empty()) throw std::runtime_error("rocd does not get ready:\n" + log_tail());
  http_ = std::make_unique<HttpClient>(url);
}

json::object Rocd::stream(const std::string& display_name) const {
  const auto streams = http_->get("/streams");
  for (const auto& stream : streams.as_array())
    if (stream.at("display_name").as_string() == display_name) return stream.as_object();
  throw std::runtime_error("no stream '" + display_name + "' in " + json::serialize(streams));
}

json::object Rocd::endpoint(const std::string& system_name) const {
  const auto endpoints = http_->get("/peers/self/endpoints");
  if (const auto* found = find_endpoint(endpoints, system_name)) return *found;
  throw std::runtime_error("no endpoint '" + system_name + "' in " + json::serialize(endpoints));
}

std::string Rocd::state_of(const std::string& name) const {
  return std::string(stream(name).at("status").at("state").as_string());
}

int Rocd::child_of(const std::string& name) const {
  const auto found = stream(name);
  const auto* pid = found.at("status").as_object().if_contains("pid");
  return pid == nullptr || pid->is_null() ? -1 : static_cast<int>(pid->to_number<int>());
}

void Rocd::wait_for_streams(const std::vector<std::string>& streams, const std::string& state,
                            Milliseconds limit) const {
  for (const auto& name : streams) {
    if (eventually([&] { return state_of(name) == state; }, limit)) continue;
    throw std::runtime_error("stream '" + name + "' does not become " + state + ": " +
                             json::serialize(stream(name).at("status")) + "\n" + log_tail());
  }
}

void Rocd::wait_for_endpoint(const std::string& system_name, const std::string& state) const {
  const auto has_state = [&] {
    const auto endpoints = http_->get("/peers/self/endpoints");
    const auto* found = find_endpoint(endpoints, system_name);
    return found != nullptr && found->at("status").at("state").as_string() == state;
  };
  if (!eventually(has_state))
    throw std::runtime_error("endpoint '" + system_name + "' does not become " + state + "\n" +
                             log_tail());
}

std::string Rocd::log_tail() const {
  constexpr std::size_t size = 6000;
  const auto text = log();
  return text.size() > size ? "…" + text.substr(text.size() - size) : text;
}

}  // namespace rocd::test
