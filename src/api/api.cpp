#include "api/api.hpp"

#include <exception>

#include "api/authentication.hpp"
#include "api/cross_origin.hpp"
#include "api/handlers.hpp"
#include "api/open_readers.hpp"
#include "api/problem.hpp"
#include "api/respond.hpp"
#include "base/log.hpp"

namespace rocd {

struct Api::Impl {
  explicit Impl(const Context& context)
      : services{
            context, access_rules(context.config.http.listen_host, context.self.host_name), {}} {
    add_peer_routes(router, services);
    add_endpoint_routes(router, services);
    add_stream_routes(router, services);
    add_stream_log_routes(router, services);
    add_system_routes(router, services);
    add_measure_routes(router, services);
    add_system_log_routes(router, services);
    add_event_routes(router, services);
    add_config_routes(router, services);
    add_document_routes(router, services);
    context.events.set_resources([this] { return event_resources(services); });
  }

  HttpResponse answer(const HttpRequest& request) {
    const auto& http = services.context.config.http;
    auto response = respond(request, http);
    allow_origin(request, http, response);
    return response;
  }

  HttpResponse respond(const HttpRequest& request, const HttpConfig& http) {
    if (auto problem = check_access(request, services.access, http)) {
      return to_response(*problem, request.path);
    }
    if (is_preflight(request)) return preflight_response();
    const auto role = caller_role(request, http);
    auto response = router.dispatch(request, role);
    finish_conditional(request, response);
    if (response.is_open_ended()) readers.add(request, role, response);
    return response;
  }

  // As of now. A request that may not come from where it comes has none.
  Role role_now(const HttpRequest& request) const {
    const auto& http = services.context.config.http;
    return check_access(request, services.access, http) ? Role::none : caller_role(request, http);
  }

  HttpResponse answer_always(const HttpRequest& request) {
    try {
      return answer(request);
    } catch (const std::exception& error) {
      // The path is decoded: it could hold line ends.
      log("api").error("{} {}: {}", request.method_text, request.target, error.what());
    }
    return to_response({.status = 500, .detail = "a defect of rocd, its log says more"},
                       request.path);
  }

  Services services;
  Router router;
  OpenReaders readers;
};

Api::Api(const Context& context) : impl_(std::make_unique<Impl>(context)) {}
Api::~Api() {
  impl_->services.context.events.set_resources(nullptr);
}

HttpResponse Api::handle(const HttpRequest& request) {
  const auto begin = Now::read().mono;
  auto response = impl_->answer_always(request);
  impl_->services.statistics.count(request.method, response.route, response.status,
                                   Now::read().mono - begin);
  return response;
}

void Api::review_readers() {
  const auto ended = impl_->readers.review(
      [this](const HttpRequest& request) { return impl_->role_now(request); });
  if (ended > 0)
    log("api").info(
        "ended {} open streams of events and log lines: their callers may no longer "
        "read them",
        ended);
}

void Api::count_refusal(int status) {
  impl_->services.statistics.count(Method::other, {}, status, Duration::zero());
}

const Router& Api::router() const {
  return impl_->router;
}

}  // namespace rocd
