// Peers: rocd instances. Today only the local one, `self`. (pure)
#pragma once

#include <cstdint>
#include <string>

#include "base/uid.hpp"

namespace rocd {

struct Peer {
  Uid uid;
  std::string display_name;
  std::string host_name;
  bool is_self = true;
  std::uint64_t version = 1;
};

[[nodiscard]] std::string peer_uri(const Uid& peer);

}  // namespace rocd
