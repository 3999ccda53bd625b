// The REST API: routes, handlers, problem+json. Maps requests to calls of the dispatchers; decides
// nothing about streams or devices itself. The contract is openapi/rocd.yaml.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/http.hpp"
#include "api/reload_report.hpp"
#include "api/router.hpp"
#include "config/config.hpp"
#include "device/endpoint_dispatcher.hpp"
#include "model/event_bus.hpp"
#include "model/peer.hpp"
#include "stream/stream_dispatcher.hpp"

namespace rocd {

class Api final {
 public:
  struct Context {
    Peer& self;
    EndpointDispatcher& endpoints;
    StreamDispatcher& streams;
    Store& store;
    const StreamEngine& engine;
    Config& config;
    Instant started;
    EventBus& events;
    ReloadConfiguration reload;
  };
  explicit Api(const Context& context);  // everything in it outlives the Api
  ~Api();

  // Never throws: a defect is a 500 and a line in the log.
  [[nodiscard]] HttpResponse handle(const HttpRequest& request);

  // After http.tokens, allowed_hosts or allowed_origins may have changed: ends open-ended responses
  // of who could not do as much any more.
  void review_readers();

  // A request that the server answered before it could be handled: for the statistics.
  void count_refusal(int status);

  [[nodiscard]] const Router& router() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rocd
