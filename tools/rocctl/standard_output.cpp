#include "rocctl/standard_output.hpp"

#include <unistd.h>

#include <cerrno>

#include "base/write_all.hpp"

namespace rocctl {
namespace {

constexpr std::size_t enough = 64UL * 1024;

}  // namespace

StandardOutput::int_type StandardOutput::overflow(int_type character) {
  if (traits_type::eq_int_type(character, traits_type::eof())) return traits_type::not_eof(0);
  const char one = traits_type::to_char_type(character);
  return xsputn(&one, 1) == 1 ? character : traits_type::eof();
}

std::streamsize StandardOutput::xsputn(const char* text, std::streamsize size) {
  pending_.append(text, static_cast<std::size_t>(size));
  return pending_.size() < enough || sync() == 0 ? size : 0;
}

int StandardOutput::sync() {
  if (!failure_) {
    const auto written = rocd::write_all(STDOUT_FILENO, pending_, "cannot write the output");
    reader_is_gone_ = !written && errno == EPIPE;
    if (!written) failure_ = written.error();
  }
  pending_.clear();
  return failure_ ? -1 : 0;
}

}  // namespace rocctl
