// /streams, /streams/{stream_uid} and /streams/{stream_uid}/restart.
#include <boost/json/array.hpp>
#include <utility>

#include "api/handlers.hpp"
#include "api/respond.hpp"
#include "model/json.hpp"
#include "model/validate.hpp"

namespace rocd {
namespace {

HttpResponse list_streams(Services& services) {
  boost::json::array list;
  for (const auto& stream : services.context.streams.list()) list.push_back(to_json(stream));
  return json_response(200, std::move(list));
}

HttpResponse respond(int status, const Stream& stream) {
  return resource_response(status, to_json(stream), stream.spec.version,
                           status == 201 ? stream_uri(stream.spec.uid) : "");
}

HttpResponse respond(int status, const Result<Stream>& stream, const Call& call) {
  if (!stream) return error_response(stream.error(), call.request);
  return respond(status, *stream);
}

// Every mistake at once, in how it is written and in what it means.
Result<StreamSpec> understand(const boost::json::value& body, Services& services, const Uid& uid) {
  auto [spec, errors] = read_stream(body, {services.context.self.uid, uid});
  if (errors.empty()) return std::move(spec);
  Error error{ErrorCode::invalid_argument, "the stream is not valid", {}, {}, {}};
  error.fields = all_mistakes(std::move(errors), services.context.streams.mistakes(spec));
  return error;
}

HttpResponse create_stream(const Call& call, Services& services, const Uid& uid) {
  auto spec = understand(call.body, services, uid);
  if (!spec) return error_response(spec.error(), call.request);
  return respond(201, services.context.streams.create(std::move(*spec)), call);
}

HttpResponse update_stream(const Call& call, Services& services, const Uid& uid,
                           boost::json::value body) {
  if (const auto* file = services.context.streams.configured(uid)) fill_in_overridable(body, *file);
  auto spec = understand(body, services, uid);
  if (!spec) return error_response(spec.error(), call.request);
  return respond(200, services.context.streams.update(uid, std::move(*spec)), call);
}

// Creates where there is nothing, with the client's uid, so that a lost answer can be asked again.
HttpResponse put_stream(const Call& call, Services& services) {
  const auto& text = call.argument("stream_uid");
  const auto uid = Uid::parse(text);
  if (!uid) {
    return error_response({ErrorCode::invalid_argument,
                           "'" + text + "' cannot be the uid of a stream",
                           {},
                           "three groups of six from [0-9a-z], like rx4sse-w0zas1-gf2s1o",
                           {{"/stream_uid", "not three groups of six from [0-9a-z]"}}},
                          call.request);
  }
  const auto current = services.context.streams.find(*uid);
  const auto version = current ? std::optional(current->spec.version) : std::nullopt;
  if (const auto ok = check_preconditions(call.request, version); !ok) {
    return error_response(ok.error(), call.request);
  }
  if (!current) return create_stream(call, services, *uid);
  return update_stream(call, services, *uid, call.body);
}

HttpResponse patch_stream(const Call& call, Services& services, const Stream& stream) {
  if (const auto ok = check_preconditions(call.request, stream.spec.version); !ok) {
    return error_response(ok.error(), call.request);
  }
  return update_stream(call, services, stream.spec.uid,
                       merge_patch(writable_json(stream.spec), call.body));
}

HttpResponse delete_stream(const Call& call, Services& services, const Stream& stream) {
  if (const auto ok = check_preconditions(call.request, stream.spec.version); !ok) {
    return error_response(ok.error(), call.request);
  }
  const auto removed = services.context.streams.remove(stream.spec.uid);
  if (!removed) return error_response(removed.error(), call.request);
  return no_content();
}

// 202: the new child is only about to be started.
HttpResponse restart_stream(const Call& call, Services& services, const Stream& stream) {
  if (const auto ok = check_preconditions(call.request, stream.spec.version); !ok) {
    return error_response(ok.error(), call.request);
  }
  return respond(202, services.context.streams.restart(stream.spec.uid), call);
}

using StreamHandler = HttpResponse (*)(const Call&, Services&, const Stream&);

Router::Handler of_stream(Services& services, StreamHandler handler) {
  return [&services, handler](const Call& call) {
    const auto& text = call.argument("stream_uid");
    const auto uid = Uid::parse(text);
    const auto stream = uid ? services.context.streams.find(*uid) : std::nullopt;
    if (!stream) return error_response(no_such_stream(text), call.request);
    return handler(call, services, *stream);
  };
}

HttpResponse read_stream(const Call&, Services&, const Stream& stream) {
  return respond(200, stream);
}

}  // namespace

Error no_such_stream(std::string_view uid) {
  return {ErrorCode::not_found,
          "there is no stream '" + std::string(uid) + "'",
          {},
          "GET /streams lists them",
          {}};
}

void add_stream_routes(Router& router, Services& services) {
  const std::string all = "/streams";
  const std::string one = all + "/{stream_uid}";
  router.add({Method::get, all, BodyKind::none, {}, [&services](const Call&) {
                return list_streams(services);
              }});
  router.add({Method::post,
              all,
              BodyKind::json,
              {},
              [&services](const Call& call) { return create_stream(call, services, Uid()); },
              Role::operator_});
  router.add({Method::get, one, BodyKind::none, {}, of_stream(services, read_stream)});
  router.add({Method::put,
              one,
              BodyKind::json,
              {},
              [&services](const Call& call) { return put_stream(call, services); },
              Role::operator_});
  router.add({Method::patch,
              one,
              BodyKind::merge_patch,
              {},
              of_stream(services, patch_stream),
              Role::operator_});
  router.add(
      {Method::del, one, BodyKind::none, {}, of_stream(services, delete_stream), Role::operator_});
  router.add({Method::post,
              one + "/restart",
              BodyKind::none,
              {},
              of_stream(services, restart_stream),
              Role::operator_});
}

}  // namespace rocd
