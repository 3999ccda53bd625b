#include "base/descriptors_left.hpp"

#include <sys/resource.h>

namespace rocd {

bool few_descriptors_left(int newest, std::size_t reserve) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;  // cannot be (getrlimit(2))
  return static_cast<rlim_t>(newest) + 1 + reserve > limit.rlim_cur;
}

}  // namespace rocd
