#include "soak/vitals.hpp"

#include <boost/json/object.hpp>
#include <iterator>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "e2e/process.hpp"

namespace rocd::test {
namespace {

namespace fs = std::filesystem;

fs::path proc(int pid) {
  return fs::path("/proc") / std::to_string(pid);
}

double kib_of(const std::string& status, const std::string& field) {
  std::istringstream lines(status);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with(field + ":")) return std::stod(line.substr(field.size() + 1));
  throw std::runtime_error("no " + field + ": the process is gone");
}

double entries_in(const fs::path& directory) {
  return static_cast<double>(std::distance(fs::directory_iterator(directory), {}));
}

double kib_in(const fs::path& directory) {
  double bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    std::error_code gone;  // a journal that is there for a moment
    const auto size = entry.file_size(gone);
    if (!gone) bytes += static_cast<double>(size);
  }
  return bytes / 1024;
}

void count_graph(const AudioSession& session, Vitals& vitals) {
  const auto objects = session.dump();
  std::set<std::int64_t> ours;
  for (const auto& object : objects) {
    if (object.at("type") != "PipeWire:Interface:Node") continue;
    const auto* name = object.at("info").at("props").as_object().if_contains("node.name");
    if (name != nullptr && name->is_string() && name->as_string().starts_with("rocd."))
      ours.insert(object.at("id").as_int64());
  }
  of(vitals, Vital::nodes) = static_cast<double>(ours.size());
  for (const auto& object : objects) {
    if (object.at("type") != "PipeWire:Interface:Link") continue;
    const auto& info = object.at("info");
    if (ours.contains(info.at("output-node-id").as_int64()) ||
        ours.contains(info.at("input-node-id").as_int64()))
      of(vitals, Vital::links) += 1;
  }
}

}  // namespace

Vitals read_vitals(int pid, const fs::path& state, const AudioSession& session) {
  Vitals vitals{};
  count_graph(session, vitals);
  const auto status = read_file(proc(pid) / "status");
  of(vitals, Vital::resident) = kib_of(status, "VmRSS");
  of(vitals, Vital::anonymous) = kib_of(status, "RssAnon");
  of(vitals, Vital::state) = kib_in(state);
  of(vitals, Vital::descriptors) = entries_in(proc(pid) / "fd");
  of(vitals, Vital::threads) = entries_in(proc(pid) / "task");
  for (const int child : children_of(pid))
    of(vitals, process_runs(child) ? Vital::children : Vital::zombies) += 1;
  return vitals;
}

std::size_t count_children(int pid) {
  return children_of(pid).size();
}

}  // namespace rocd::test
