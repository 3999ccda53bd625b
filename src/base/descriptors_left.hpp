// Whether descriptors become scarce: who would take one of the last leaves it to those who need it
// more. The kernel gives out the lowest free number, so a high number means that few are left.
#pragma once

#include <cstddef>

namespace rocd {

// For files, and for what the sound system opens.
inline constexpr std::size_t descriptors_for_itself = 8;
// Beyond those, for requests: whoever looks after rocd must get in, however many children there
// are.
inline constexpr std::size_t descriptors_for_requests = 32;

// `newest`: one that was opened just now. Of those that the limit (RLIMIT_NOFILE) allows, are fewer
// than `reserve` left above it?
[[nodiscard]] bool few_descriptors_left(int newest, std::size_t reserve);

}  // namespace rocd
