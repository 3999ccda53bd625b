// How soon rocd notices that a child does not work: from the harm to what it says in its log, and
// to the child's end, by the stamps of both. Meanwhile a timer of our own tells how late the
// machine is.
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "e2e/rocd.hpp"

namespace rocd::test {

class Detection {
 public:
  // To be made right before harm is done to the child that the stream has now.
  Detection(const Rocd& rocd, const std::string& stream);
  Detection(const Detection&) = delete;
  Detection& operator=(const Detection&) = delete;

  // Waits until that child has ended; "" if rocd ended it for one of these reasons, and as soon as
  // it should: within 3 s, and as much longer as a timer was late in all, 3 s at most.
  [[nodiscard]] std::string problem(const std::vector<std::string>& reasons);
  // After problem(): "noticed after 1.62 s, ended after 1.71 s; a timer of 20 ms was late by 0.01 s
  // in all".
  [[nodiscard]] std::string times() const;

 private:
  using Wall = std::chrono::system_clock::time_point;
  void watch(const std::stop_token& stop);

  const Rocd& rocd_;
  std::string stream_;
  int child_;
  std::size_t log_begin_;
  Wall begin_;
  double noticed_ = -1, ended_ = -1;  // seconds; -1: not yet
  std::atomic<double> late_ = 0;
  std::jthread timer_;
};

}  // namespace rocd::test
