// Standard output as a stream that knows why it could not be written: std::cout knows only that,
// and errno is soon that of another call.
#pragma once

#include <optional>
#include <streambuf>
#include <string>

#include "base/result.hpp"

namespace rocctl {

class StandardOutput final : public std::streambuf {
 public:
  // The first error; later text is thrown away.
  [[nodiscard]] const std::optional<rocd::Error>& failure() const { return failure_; }
  [[nodiscard]] bool reader_is_gone() const { return reader_is_gone_; }

 protected:
  int_type overflow(int_type character) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  std::string pending_;  // commands flush at the end of each answer or line
  std::optional<rocd::Error> failure_;
  bool reader_is_gone_ = false;
};

}  // namespace rocctl
