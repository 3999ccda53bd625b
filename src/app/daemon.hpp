// The daemon: every object of it, constructed in the order of dependence, and its ordered end.
// Decides nothing about streams, devices or requests.
#pragma once

#include <boost/asio/io_context.hpp>
#include <memory>

#include "app/process_setup.hpp"
#include "app/reloader.hpp"
#include "base/result.hpp"
#include "config/config.hpp"

namespace rocd {

class Daemon final {
 public:
  // Opens the state, ends what a killed rocd left running, and listens; nothing runs yet.
  // `io` outlives the daemon. load: reads the same configuration anew.
  [[nodiscard]] static Result<std::unique_ptr<Daemon>> create(boost::asio::io_context& io,
                                                              Config config, Reloader::Load load,
                                                              const Starter& starter);
  ~Daemon();

  // Reads the configuration anew at SIGHUP. Runs until SIGINT or SIGTERM, or the end of the
  // starter's process; then stops every child and removes every node, within 5 s; a second signal
  // does so at once. False if it ended for any other reason (logged).
  [[nodiscard]] bool run();

 private:
  struct Impl;
  explicit Daemon(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rocd
