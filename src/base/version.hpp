// The version of this build ("0.1.0"), from project() in CMakeLists.txt.
#pragma once

#include <string_view>

namespace rocd {
[[nodiscard]] std::string_view version();
}
