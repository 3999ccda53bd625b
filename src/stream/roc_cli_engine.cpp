#include "stream/roc_cli_engine.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.hpp"
#include "stream/roc_log_grammar.hpp"

namespace rocd {
namespace {

Error unavailable(std::string message, std::string hint) {
  Error error;
  error.code = ErrorCode::unavailable;
  error.message = std::move(message);
  error.hint = std::move(hint);
  return error;
}

Error impossible(std::string message) {
  Error error;
  error.code = ErrorCode::invalid_argument;
  error.message = std::move(message);
  return error;
}

constexpr Duration default_frame_length = 10ms;  // roc-send --help

Result<> check_scheme(const ToolInfo& tool, const ExternalAddress& address) {
  const FecScheme fec = fec_of(address.media->protocol);
  if (fec == FecScheme::none) return {};
  if (std::find(tool.fec.begin(), tool.fec.end(), fec) != tool.fec.end()) return {};
  const std::string protocol(to_string(address.media->protocol));
  if (std::find(tool.untried.begin(), tool.untried.end(), fec) != tool.untried.end())
    return unavailable("whether " + tool.name + " can do " + protocol + " could not be tried yet",
                       tool.hint);
  return unavailable("the installed " + tool.name + " " + tool.version + " cannot do " + protocol +
                         ": it was built without this error correction",
                     tool.hint);
}

ResolvedStream resolved_stream(const EngineInfo& info, const std::vector<std::string>& argv,
                               const ExternalAddress& address, const StreamTuning& tuning,
                               bool sends) {
  ResolvedStream resolved;
  resolved.engine = info.id;
  resolved.argv = argv;
  resolved.media = address.media;
  resolved.repair = address.repair;
  resolved.control = address.control;
  resolved.target_latency = tuning.target_latency;
  resolved.io_latency = tuning.io_latency;
  if (sends) resolved.packet_length = tuning.packet_length;
  resolved.fec = fec_of(address.media->protocol);
  return resolved;
}

void log_info(const EngineInfo& info) {
  for (const auto& tool : info.tools) {
    if (!tool.problem.empty()) {
      log("stream").warn("{}{}{}", tool.problem, tool.hint.empty() ? "" : "; ", tool.hint);
    } else {
      log("stream").info("{} {} at {}", tool.name, tool.version, tool.path);
    }
  }
}

bool same(const EngineInfo& a, const EngineInfo& b) {
  const auto equal = [](const ToolInfo& x, const ToolInfo& y) {
    return x.path == y.path && x.version == y.version && x.schemes == y.schemes && x.fec == y.fec &&
           x.untried == y.untried && x.problem == y.problem;
  };
  return a.probed == b.probed && a.id == b.id &&
         std::equal(a.tools.begin(), a.tools.end(), b.tools.begin(), b.tools.end(), equal);
}

}  // namespace

RocCliEngine::RocCliEngine(boost::asio::any_io_executor executor, Spawner& spawner, Options options)
    : spawner_(spawner),
      options_(std::move(options)),
      environment_(roc_base_environment(options_.environment)),
      doubt_(executor, boost::asio::steady_timer::time_point::max()),
      tasks_(std::move(executor)) {
  info_.id = "roc-cli";
}

void RocCliEngine::start() {
  tasks_.spawn("probe of the Roc tools", watch());
}

std::string RocCliEngine::sound_server() const {
  return pulse_socket(environment_);
}

boost::asio::awaitable<void> RocCliEngine::shutdown() {
  tasks_.cancel();
  return tasks_.join();
}

boost::asio::awaitable<void> RocCliEngine::probe() {
  auto found = co_await probe_roc_tools(tasks_.executor(), spawner_, options_.tools, environment_,
                                        options_.run_limit);
  if (same(info_, found)) co_return;
  info_ = std::move(found);
  log_info(info_);
  if (on_changed_) on_changed_();
}

boost::asio::awaitable<void> RocCliEngine::watch() {
  boost::asio::steady_timer timer(tasks_.executor());
  Duration pause = options_.look_again;
  for (;;) {
    seen_ = files();
    co_await probe();
    const auto due = Now::read().mono + pause;
    // Whoever installs a tool need not wait; one that is there and fails is not run all the time.
    for (bool again = false; !again;) {
      timer.expires_after(options_.look_again);
      co_await timer.async_wait(boost::asio::use_awaitable);
      if (all_known()) co_await until_doubted();
      const bool others = files() != seen_;
      pause = others ? options_.look_again : pause;
      again = others || (!all_known() && Now::read().mono >= due);
    }
    pause = std::min(2 * pause, options_.look_again_at_most);
  }
}

// An idle machine sleeps: a tool that all is known of is looked at only when a stream wants it.
boost::asio::awaitable<void> RocCliEngine::until_doubted() {
  while (!doubted_) {
    boost::system::error_code ignored;  // operation_aborted is the notification
    co_await doubt_.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
  }
  doubted_ = false;
}

bool RocCliEngine::all_known() const {
  return info_.probed && std::ranges::all_of(info_.tools, [](const ToolInfo& tool) {
           return tool.usable && tool.untried.empty();
         });
}

void RocCliEngine::check_tools() {
  if (!info_.probed || doubted_ || files() == seen_) return;
  doubted_ = true;
  doubt_.cancel();
}

std::vector<RocCliEngine::ToolFile> RocCliEngine::files() const {
  std::vector<ToolFile> files;
  for (const auto* name : {&options_.tools.roc_send, &options_.tools.roc_recv}) {
    ToolFile file;
    file.path = find_roc_tool(*name, environment_);
    struct stat facts{};
    if (!file.path.empty() && ::stat(file.path.c_str(), &facts) == 0) {
      file.inode = facts.st_ino;
      file.size = facts.st_size;
      file.changed = {facts.st_ctim.tv_sec, facts.st_ctim.tv_nsec};
    }
    files.push_back(std::move(file));
  }
  return files;
}

void RocCliEngine::set_on_changed(std::function<void()> on_changed) {
  on_changed_ = std::move(on_changed);
}

const ToolInfo* RocCliEngine::tool(std::string_view name) const {
  for (const auto& candidate : info_.tools) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

Result<StreamPlan> RocCliEngine::plan(const StreamSpec& spec, const StreamDevices& devices) const {
  const auto* destination = std::get_if<ExternalAddress>(&spec.destination);
  const auto* source = std::get_if<ExternalAddress>(&spec.source);
  const bool sends = destination != nullptr;
  if (sends == (source != nullptr)) return impossible("exactly one side must be an address");
  const auto& address = sends ? *destination : *source;
  if (!address.media) return impossible("the media address is missing");
  const auto& node = sends ? devices.capture_node : devices.playback_node;
  if (node.empty()) return impossible("the device cannot be used in this direction");

  if (!info_.probed) return unavailable("rocd is still looking at the installed tools", "");
  const std::string_view name = sends ? "roc-send" : "roc-recv";
  const auto* found = tool(name);
  if (found == nullptr || !found->usable) {
    return unavailable(found != nullptr ? found->problem : std::string(name) + " is missing",
                       found != nullptr ? found->hint : "");
  }
  if (find_executable(found->path, "").empty())
    return unavailable("'" + found->path + "' is no longer there",
                       "rocd looks for it; if it was removed, install it again");
  if (auto able = check_scheme(*found, address); !able) return able.error();

  const auto tuning = resolve_tuning(spec.settings, fec_of(address.media->protocol));
  StreamPlan plan;
  plan.request.argv = sends ? roc_send_arguments(found->path, spec, address, node,
                                                 devices.capture_is_monitor, tuning)
                            : roc_recv_arguments(found->path, spec, address, node, tuning);
  plan.request.environment = environment_;
  plan.request.environment.push_back(roc_node_properties(spec.uid));
  plan.resolved = resolved_stream(info_, plan.request.argv, address, tuning, sends);
  // roc-send stamps a frame with its time of capture when it has read all of it (roc_sndio, pump):
  // the first sample is a frame older. The sender is taken to have the settings of the receiver.
  plan.untold_latency = tuning.frame_length.value_or(default_frame_length);
  return plan;
}

std::optional<EngineFact> RocCliEngine::parse(std::string_view line) const {
  return parse_roc_log_line(line);
}

}  // namespace rocd
