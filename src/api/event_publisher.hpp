// Publishes all events by ZeroMQ PUB on a Unix socket (ipc://), for scripts and prototypes: two
// frames, the event's type, which subscribers filter by, and its envelope. A subscriber that is too
// slow loses events (zmq_socket(7), ZMQ_PUB), which a gap in `seq` shows; rocd never waits for it.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.hpp"
#include "model/event_bus.hpp"

namespace rocd {

class EventPublisher final {
 public:
  // The file is for its owner alone (0600), and removed at the end. bus outlives the publisher.
  // Errors: as make_unix_listener().
  [[nodiscard]] static Result<std::unique_ptr<EventPublisher>> open(
      const std::filesystem::path& path, EventBus& bus);
  ~EventPublisher();

 private:
  struct Impl;
  explicit EventPublisher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rocd
