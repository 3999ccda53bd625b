// External addresses from the command line: which repair and control addresses go with a media
// address when they are not given, so that both ends choose the same. (pure)
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rocctl/failure.hpp"

namespace rocctl {

enum class Side { source, destination };  // a source binds locally, a destination is sent to

struct AddressOptions {
  std::string media;
  std::optional<std::string> repair{};   // "none": without
  std::optional<std::string> control{};  // "none": without
};

struct Addresses {
  boost::json::object connection;     // as the API wants it
  std::vector<std::string> chosen{};  // what was selected automatically, a sentence for each
};

[[nodiscard]] bool is_address(std::string_view word);  // else it is a name

// Repair is the media port + 1 and control + 2, on the same host; port 0 stays 0 (rocd chooses).
[[nodiscard]] Outcome<Addresses> derive_addresses(const AddressOptions& options, Side side);

}  // namespace rocctl
