#include "soak/soak_scene.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace rocd::test {
namespace {

std::uint16_t port_of(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

bool same_counts(const Vitals& a, const Vitals& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (vital_kinds[i].counted && a[i] != b[i]) return false;
  return true;
}

}  // namespace

SoakScene::SoakScene(const std::string& config, const std::string& token) {
  std::filesystem::create_directory(path("tools"));
  set_tools("");
  write_file(path("rocd.yaml"), "tools: { roc_send: \"" + path("tools/roc-send").string() +
                                    "\", roc_recv: \"" + path("tools/roc-recv").string() +
                                    "\" }\n" + config);
  rocd_.emplace(
      Rocd::Options{.config = path("rocd.yaml"), .state = path("state"), .log = path("rocd.log")});
  rest_.emplace(port_of(rocd_->http().url()), token);
  wait("the tools are not probed, or PipeWire is not there",
       [this] { return rest().ask("GET", "/readyz").status == 200; });
}

void SoakScene::set_tools(const std::string& script) {
  for (const std::string name : {"roc-send", "roc-recv"})
    write_program(path("tools") / name,
                  "#!/bin/sh\n" + (script.empty() ? "exec " + name + " \"$@\"\n" : script));
}

void SoakScene::wait(const std::string& what, const std::function<bool()>& condition,
                     Milliseconds interval) {
  if (eventually(condition, patience, interval)) return;
  const auto log = rocd_->log();
  throw std::runtime_error(what + "\n" +
                           log.substr(log.size() - std::min<std::size_t>(log.size(), 6000)));
}

Vitals SoakScene::vitals() {
  auto last = read_vitals(pid(), path("state"), session);
  eventually(
      [&] {
        const auto before = std::exchange(last, read_vitals(pid(), path("state"), session));
        return same_counts(before, last);
      },
      10s, 100ms);
  return last;
}

}  // namespace rocd::test
