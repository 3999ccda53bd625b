// Turns changes of endpoints into events: remembers what was told last, and tells the difference.
#pragma once

#include <map>
#include <string>

#include "model/endpoint.hpp"
#include "model/event_bus.hpp"

namespace rocd {

class EndpointNews {
 public:
  // events outlives this.
  EndpointNews(const Uid& self, EventBus& events) : self_(self), events_(events) {}

  void know(const Endpoint& endpoint) { told_[endpoint.spec.uid] = endpoint; }  // no news
  // endpoint: as it is now; nullptr if it is gone.
  void tell(const Uid& uid, const Endpoint* endpoint);
  // reason: why it is not connected, or is no use.
  void tell_connection(bool connected, const std::string& reason);
  // How often the sound system came back.
  [[nodiscard]] std::uint64_t reconnects() const { return connects_ > 0 ? connects_ - 1 : 0; }

 private:
  Uid self_;
  EventBus& events_;
  std::map<Uid, Endpoint> told_;
  bool connected_ = false;
  std::string reason_;
  std::uint64_t connects_ = 0;
};

}  // namespace rocd
