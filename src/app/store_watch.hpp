// Tells by events when what is to be stored cannot be written, and when it can be again. Until then
// a write is tried every 2 s: nobody has to ask.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/json/object.hpp>

#include "aio/machine_timer.hpp"
#include "model/event_bus.hpp"
#include "store/store.hpp"

namespace rocd {

class StoreWatch final {
 public:
  static constexpr Duration retry = 2s;

  // The store's only listener, until the end.
  StoreWatch(const boost::asio::any_io_executor& executor, Store& store, EventBus& events);
  ~StoreWatch();
  StoreWatch(const StoreWatch&) = delete;
  StoreWatch& operator=(const StoreWatch&) = delete;

 private:
  void review();

  Store& store_;
  EventBus& events_;
  MachineTimer timer_;
  boost::json::object told_;  // as GET /system has it
};

}  // namespace rocd
