// Stable names of virtual devices: made from what people write, kept unique. (pure)
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/uid.hpp"

namespace rocd {

inline constexpr std::string_view system_name_prefix = "rocd.";

// "Kitchen speakers!" -> "kitchen-speakers"; empty if nothing is left (other scripts than Latin).
[[nodiscard]] std::string slug(std::string_view text);

// From the display name, else from the uid; with "-2", "-3", … if that is taken.
[[nodiscard]] std::string choose_name(std::string_view display_name, const Uid& uid,
                                      const std::function<bool(const std::string&)>& is_taken);

// "rocd.kitchen" -> "kitchen"; nullopt if it is not the system name of a virtual device.
[[nodiscard]] std::optional<std::string> name_of_system_name(std::string_view system_name);

}  // namespace rocd
