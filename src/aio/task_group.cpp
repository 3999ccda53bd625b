#include "aio/task_group.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <list>

#include "base/log.hpp"

namespace rocd {
namespace asio = boost::asio;

struct TaskGroup::State {
  explicit State(asio::any_io_executor e)
      : executor(std::move(e)), empty(executor, asio::steady_timer::time_point::max()) {}

  asio::any_io_executor executor;
  std::list<asio::cancellation_signal> tasks;
  asio::steady_timer empty;  // never expires; cancelled when the last task ends
};

namespace {

void report(const std::string& name, const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& error) {
    if (error.code() == asio::error::operation_aborted) return;
    log("aio").error("task '{}' ended by an exception: {}", name, error.what());
  } catch (const std::exception& error) {
    log("aio").error("task '{}' ended by an exception: {}", name, error.what());
  } catch (...) {
    log("aio").error("task '{}' ended by an unknown exception", name);
  }
}

}  // namespace

TaskGroup::TaskGroup(asio::any_io_executor executor)
    : state_(std::make_shared<State>(std::move(executor))) {}

TaskGroup::~TaskGroup() {
  cancel();
}

void TaskGroup::spawn(std::string name, asio::awaitable<void> task) {
  const auto entry = state_->tasks.emplace(state_->tasks.end());
  asio::co_spawn(
      state_->executor, std::move(task),
      asio::bind_cancellation_slot(entry->slot(), [state = state_, entry, name = std::move(name)](
                                                      const std::exception_ptr& failure) {
        report(name, failure);
        // The slot may be in use by the completion that runs now: free it later.
        asio::post(state->executor, [state, entry] {
          state->tasks.erase(entry);
          if (state->tasks.empty()) state->empty.cancel();
        });
      }));
}

void TaskGroup::cancel() {
  // emit() may end a task at once; its entry is erased only later, so the iteration is safe.
  for (auto& signal : state_->tasks) signal.emit(asio::cancellation_type::terminal);
}

asio::awaitable<void> TaskGroup::join() {
  const auto state = state_;
  while (!state->tasks.empty()) {
    boost::system::error_code ignored;  // operation_aborted is the notification
    co_await state->empty.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
}

std::size_t TaskGroup::size() const {
  return state_->tasks.size();
}

const asio::any_io_executor& TaskGroup::executor() const {
  return state_->executor;
}

}  // namespace rocd
