#include "base/version.hpp"

namespace rocd {
std::string_view version() {
  return ROCD_VERSION;
}
}  // namespace rocd
