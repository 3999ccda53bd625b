// Waiting for conditions. Deadlines are generous: they are only reached when something is broken.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace rocd::test {

using namespace std::chrono_literals;
using Milliseconds = std::chrono::milliseconds;

inline constexpr Milliseconds patience = 30s;

// Tries until the condition holds; false when the time is over.
inline bool eventually(const std::function<bool()>& condition, Milliseconds limit = patience,
                       Milliseconds interval = 20ms) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(interval);
  }
  return true;
}

}  // namespace rocd::test
