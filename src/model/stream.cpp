#include "model/stream.hpp"

namespace rocd {

std::optional<StreamKind> kind_of(const StreamSpec& spec) {
  const bool from_endpoint = std::holds_alternative<EndpointRef>(spec.source);
  const bool to_endpoint = std::holds_alternative<EndpointRef>(spec.destination);
  if (from_endpoint && to_endpoint) return StreamKind::local;
  if (from_endpoint) return StreamKind::send;
  if (to_endpoint) return StreamKind::receive;
  return std::nullopt;
}

std::string_view to_string(Profile profile) {
  switch (profile) {
    case Profile::low:
      return "low";
    case Profile::balanced:
      return "balanced";
    case Profile::robust:
      return "robust";
  }
  return "";
}

std::string_view to_string(ResamplerProfile profile) {
  switch (profile) {
    case ResamplerProfile::low:
      return "low";
    case ResamplerProfile::medium:
      return "medium";
    case ResamplerProfile::high:
      return "high";
  }
  return "";
}

std::string_view to_string(RestartPolicy policy) {
  switch (policy) {
    case RestartPolicy::always:
      return "always";
    case RestartPolicy::on_failure:
      return "on_failure";
    case RestartPolicy::never:
      return "never";
  }
  return "";
}

std::string_view to_string(OnIdle on_idle) {
  switch (on_idle) {
    case OnIdle::keep:
      return "keep";
    case OnIdle::pause:
      return "pause";
  }
  return "";
}

std::string_view to_string(StreamState state) {
  switch (state) {
    case StreamState::stopped:
      return "stopped";
    case StreamState::waiting:
      return "waiting";
    case StreamState::starting:
      return "starting";
    case StreamState::running:
      return "running";
    case StreamState::paused:
      return "paused";
    case StreamState::backoff:
      return "backoff";
    case StreamState::stopping:
      return "stopping";
    case StreamState::failed:
      return "failed";
  }
  return "";
}

std::string_view to_string(StreamKind kind) {
  switch (kind) {
    case StreamKind::send:
      return "send";
    case StreamKind::receive:
      return "receive";
    case StreamKind::local:
      return "local";
  }
  return "";
}

std::string_view to_string(Health health) {
  switch (health) {
    case Health::inactive:
      return "inactive";
    case Health::healthy:
      return "healthy";
    case Health::partially_healthy:
      return "partially_healthy";
    case Health::unhealthy:
      return "unhealthy";
  }
  return "";
}

std::string_view to_string(ExitRecord::Kind kind) {
  switch (kind) {
    case ExitRecord::Kind::exit:
      return "exit";
    case ExitRecord::Kind::signal:
      return "signal";
    case ExitRecord::Kind::spawn_error:
      return "spawn_error";
  }
  return "";
}

std::string stream_uri(const Uid& stream) {
  return "/streams/" + stream.str();
}

}  // namespace rocd
