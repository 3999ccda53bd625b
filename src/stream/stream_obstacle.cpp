// Why a stream does not run: StreamMachine's words for what is missing, and for how a child ended.
#include <csignal>

#include "stream/stream_machine.hpp"

namespace rocd {

std::optional<StreamProblem> StreamMachine::blocker() const {
  if (!connected_) {
    return StreamProblem{"waits for PipeWire",
                         "start PipeWire, or log in to a session that has it"};
  }
  // A child that is there waits with it; a new one would be no better off.
  const bool wants_child = !ensured_ && !rests_ && kind_ != StreamKind::local;
  if (const auto* problem = sound_problem(); problem != nullptr && wants_child) return *problem;
  if (auto problem = missing_device(Side::source)) return problem;
  return missing_device(Side::destination);
}

std::optional<StreamProblem> StreamMachine::missing_device(Side side) const {
  const bool is_source = side == Side::source;
  const auto* reference = std::get_if<EndpointRef>(is_source ? &spec_.source : &spec_.destination);
  if (reference == nullptr) return std::nullopt;
  const auto& device = is_source ? source_ : destination_;
  const std::string name = is_source ? "source" : "destination";
  if (!device) {
    const auto& [called, problem, is_virtual] = is_source ? about_source_ : about_destination_;
    const std::string remedy = is_virtual
                                   ? "nothing need be done: rocd makes its virtual devices again"
                                   : "plug the device in, or choose another endpoint";
    return StreamProblem{
        "waits for its " + name + " device" + (called.empty() ? "" : " '" + called + "'"),
        problem.empty() ? remedy : problem};
  }
  if (is_source ? device->capture_node.empty() : device->playback_node.empty()) {
    return StreamProblem{"its " + name + " device cannot be used as a " + name,
                         "choose another endpoint"};
  }
  // A tool asks for its device by name, and might get the other one. (Links are made by number.)
  const bool is_shared =
      is_source ? device->capture_name_is_shared : device->playback_name_is_shared;
  if (is_shared && kind_ != StreamKind::local) {
    const auto& shared = is_source ? device->capture_node : device->playback_node;
    return StreamProblem{
        "two devices are called '" + shared + "': its " + name + " and one of another program",
        "close that program, or give one of the two another name"};
  }
  return std::nullopt;
}

StreamProblem StreamMachine::child_problem(const ExitRecord* last_exit) const {
  if (watch_.bind_failure()) return explain_bind_failure(watch_.bind_failure()->fact);
  // Roc Toolkit aborts after it has said why; whatever else kills it is a cause of its own.
  const bool was_killed = last_exit != nullptr && last_exit->kind == ExitRecord::Kind::signal &&
                          last_exit->code != SIGABRT && last_exit->code != SIGTERM;
  auto said = watch_.last_error();
  if (!said.empty() && !was_killed) {
    auto problem = explain_tool_error(std::move(said));
    if (last_exit != nullptr && last_exit->code == SIGABRT &&
        last_exit->kind == ExitRecord::Kind::signal)
      problem.message += " (" + last_exit->text + ")";
    return problem;
  }
  const auto unproven = watch_.unproven_reason();
  const bool ended_by_us = last_exit != nullptr && last_exit->kind == ExitRecord::Kind::signal &&
                           (last_exit->code == SIGTERM || last_exit->code == SIGKILL);
  if (ended_by_us && !unproven.empty()) return {"it did not become ready in time: " + unproven, ""};
  if (last_exit == nullptr) return {"the tool ended", ""};
  if (last_exit->kind == ExitRecord::Kind::spawn_error)
    return explain_spawn_failure(last_exit->text, last_exit->code);
  return {
      "the tool ended: " + last_exit->text + (said.empty() ? "" : " (it had said: " + said + ")"),
      ""};
}

}  // namespace rocd
