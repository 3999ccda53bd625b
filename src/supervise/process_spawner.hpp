// Runs programs for real: our launcher, a pidfd as the only notice of their end, their output.
// Decides nothing about restarts.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "supervise/spawner.hpp"

namespace rocd {

class ProcessSpawner final : public Spawner {
 public:
  explicit ProcessSpawner(boost::asio::any_io_executor executor) : executor_(std::move(executor)) {}

  // Errors: invalid_argument (empty argv), not_found (no such program in PATH), io (with errno).
  [[nodiscard]] SpawnResult<std::unique_ptr<SpawnedChild>> spawn(const SpawnRequest& request,
                                                                 SpawnCallbacks callbacks) override;

 private:
  boost::asio::any_io_executor executor_;
};

}  // namespace rocd
