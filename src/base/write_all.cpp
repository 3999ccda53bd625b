#include "base/write_all.hpp"

#include <unistd.h>

#include <cerrno>

namespace rocd {

Result<> write_all(int descriptor, std::string_view text, std::string_view what) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_error(what, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

}  // namespace rocd
