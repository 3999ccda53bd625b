// Writes to a descriptor, and says why if it cannot: streams say only that they could not.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace rocd {

// Blocks until all of it is written. Error io: "<what>: <strerror>".
[[nodiscard]] Result<> write_all(int descriptor, std::string_view text, std::string_view what);

}  // namespace rocd
