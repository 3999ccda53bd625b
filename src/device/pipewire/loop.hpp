// PipeWire's loop inside the Asio reactor: its descriptor is watched, and it is iterated without
// waiting. No second thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

#include "device/pipewire/handles.hpp"

namespace rocd::pw {

class Loop {
 public:
  // after_turn: called outside of every PipeWire callback, after the loop was iterated and after
  // wake(): the place to destroy objects and to call others.
  Loop(const boost::asio::any_io_executor& executor, std::function<void()> after_turn);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] pw_loop* get() const { return loop_.get(); }
  void wake();  // after_turn soon, once for any number of calls

 private:
  void watch();

  boost::asio::posix::stream_descriptor descriptor_;
  std::function<void()> after_turn_;
  LoopHandle loop_;
  bool waking_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // handlers hold it weakly
};

}  // namespace rocd::pw
