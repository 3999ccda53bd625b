// The bounded queue between the source of an open-ended response and the connection that writes it.
// A reader that does not keep up is dropped: the source never waits. (pure)
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "api/http.hpp"

namespace rocd {

class StreamQueue final : public StreamWriter, public ChunkSource {
 public:
  StreamQueue(std::size_t max_chunks, std::size_t max_bytes)
      : max_chunks_(max_chunks), max_bytes_(max_bytes) {}

  bool write(std::shared_ptr<const std::string> chunk) override {
    if (closed_) return false;
    if (chunks_.size() >= max_chunks_ || bytes_ + chunk->size() > max_bytes_) {
      overflowed_ = closed_ = true;
      chunks_.clear();
    } else if (!chunk->empty()) {  // an empty chunk would end a chunked body
      bytes_ += chunk->size();
      chunks_.push_back(std::move(chunk));
    }
    if (on_change_) on_change_();
    return !overflowed_;
  }

  void close() override {
    closed_ = true;
    if (on_change_) on_change_();
  }

  // For the connection. `listener` is called after each write and close; null when it is gone.
  void set_listener(std::function<void()> listener) { on_change_ = std::move(listener); }
  [[nodiscard]] bool ended() const override { return closed_ && chunks_.empty(); }
  [[nodiscard]] bool overflowed() const { return overflowed_; }
  [[nodiscard]] std::shared_ptr<const std::string> next() override {
    if (chunks_.empty()) return nullptr;
    auto chunk = std::move(chunks_.front());
    chunks_.pop_front();
    bytes_ -= chunk->size();
    return chunk;
  }

 private:
  std::size_t max_chunks_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;
  std::deque<std::shared_ptr<const std::string>> chunks_;
  bool closed_ = false;
  bool overflowed_ = false;
  std::function<void()> on_change_;
};

}  // namespace rocd
