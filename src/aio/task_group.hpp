// Owns coroutines, so that none outlives what it uses and no exception is lost: the replacement for
// co_spawn with `detached`. Must be the last member of its owner.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace rocd {

class TaskGroup {
 public:
  explicit TaskGroup(boost::asio::any_io_executor executor);
  // Asks every task to end (terminal cancellation). Frames of tasks that have not ended by then are
  // destroyed with the io_context; call cancel() and join() first wherever tasks touch the owner.
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts a coroutine. An exception that escapes it is logged with `name`, except cancellation.
  void spawn(std::string name, boost::asio::awaitable<void> task);

  void cancel();  // each task sees operation_aborted at its next suspension
  [[nodiscard]] boost::asio::awaitable<void> join();  // returns when no task is left
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] const boost::asio::any_io_executor& executor() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with completion handlers that may outlive the group
};

}  // namespace rocd
