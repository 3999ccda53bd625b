#include "stream/tool_run.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <memory>

#include "base/line_ring.hpp"

namespace rocd {
namespace {

constexpr std::size_t max_lines = 1000;

// Shared with the spawner's callbacks: a callback may already be queued when the run ends.
struct State {
  explicit State(const boost::asio::any_io_executor& executor, Instant deadline)
      : done(executor, deadline) {}

  ToolRun run;
  LineSplitter out, err;
  bool finished = false;
  boost::asio::steady_timer done;  // expires at the deadline, cancelled when finished
};

}  // namespace

bool ToolRun::has(std::string_view part) const {
  for (const auto& line : lines) {
    if (line.find(part) != std::string::npos) return true;
  }
  return false;
}

boost::asio::awaitable<ToolRun> run_tool(boost::asio::any_io_executor executor, Spawner& spawner,
                                         SpawnRequest request, Instant deadline,
                                         std::function<bool(const std::string&)> enough) {
  const auto state = std::make_shared<State>(executor, deadline);
  const auto finish = [](State& s) {
    s.finished = true;
    s.done.cancel();
  };
  SpawnCallbacks callbacks;
  callbacks.on_output = [weak = std::weak_ptr(state), enough = std::move(enough), finish](
                            OutputChannel channel, std::string_view bytes) {
    const auto s = weak.lock();
    if (!s) return;
    auto& splitter = channel == OutputChannel::out ? s->out : s->err;
    splitter.feed(bytes, [&](std::string line) {
      if (s->finished || s->run.lines.size() >= max_lines) return;
      s->run.lines.push_back(std::move(line));
      if (enough && enough(s->run.lines.back())) finish(*s);
    });
  };
  callbacks.on_exit = [weak = std::weak_ptr(state), finish](ExitStatus status) {
    const auto s = weak.lock();
    if (!s) return;
    s->run.exit = status;
    finish(*s);
  };
  auto child = spawner.spawn(request, std::move(callbacks));
  if (!child) {
    state->run.problem = child.error().message;
    co_return std::move(state->run);
  }
  boost::system::error_code error;
  if (!state->finished) {
    co_await state->done.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
    // Cancelled: that the tool was stopped by us says nothing about it.
    if (!state->finished && error) throw boost::system::system_error(error);
  }
  state->run.timed_out = !state->finished;
  state->finished = true;
  co_return std::move(state->run);  // destroying the child kills what still runs
}

}  // namespace rocd
