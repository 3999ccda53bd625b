// waitid(2) by pidfd. glibc names P_PIDFD since 2.36 only, as an enumerator.
#pragma once

#include <sys/wait.h>

namespace rocd {
inline constexpr auto pidfd_idtype = static_cast<idtype_t>(3);  // P_PIDFD, linux/wait.h
}
