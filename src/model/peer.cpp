#include "model/peer.hpp"

namespace rocd {
std::string peer_uri(const Uid& peer) {
  return "/peers/" + peer.str();
}
}  // namespace rocd
