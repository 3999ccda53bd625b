#include "device/pipewire/pods.hpp"

#include <spa/param/format.h>
#include <spa/param/param.h>
#include <spa/param/props.h>
#include <spa/param/route.h>
#include <spa/pod/builder.h>
#include <spa/pod/iter.h>

#include <algorithm>

namespace rocd::pw {
namespace {

constexpr std::size_t max_channels = 64;  // SPA_AUDIO_MAX_CHANNELS

template <class T, auto Get>
std::optional<T> value(const spa_pod* param, std::uint32_t key) {
  const auto* property = ::spa_pod_find_prop(param, nullptr, key);
  T result{};
  if (property == nullptr || Get(&property->value, &result) < 0) return std::nullopt;
  return result;
}

void add_props(spa_pod_builder& builder, const std::vector<float>& channels, bool muted) {
  spa_pod_frame frame{};
  ::spa_pod_builder_push_object(&builder, &frame, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
  ::spa_pod_builder_prop(&builder, SPA_PROP_mute, 0);
  ::spa_pod_builder_bool(&builder, muted);
  if (!channels.empty()) {
    ::spa_pod_builder_prop(&builder, SPA_PROP_channelVolumes, 0);
    ::spa_pod_builder_array(&builder, sizeof(float), SPA_TYPE_Float,
                            static_cast<std::uint32_t>(std::min(channels.size(), max_channels)),
                            channels.data());
  }
  ::spa_pod_builder_pop(&builder, &frame);
}

}  // namespace

Volumes parse_props(const spa_pod* param) {
  Volumes volumes;
  volumes.muted = value<bool, ::spa_pod_get_bool>(param, SPA_PROP_mute);
  if (const auto* property = ::spa_pod_find_prop(param, nullptr, SPA_PROP_channelVolumes)) {
    volumes.channels.resize(max_channels);
    volumes.channels.resize(::spa_pod_copy_array(&property->value, SPA_TYPE_Float,
                                                 volumes.channels.data(), max_channels));
  }
  return volumes;
}

std::optional<std::uint32_t> parse_format_rate(const spa_pod* param) {
  const auto rate = value<std::int32_t, ::spa_pod_get_int>(param, SPA_FORMAT_AUDIO_rate);
  if (!rate || *rate <= 0) return std::nullopt;
  return static_cast<std::uint32_t>(*rate);
}

std::optional<Route> parse_route(const spa_pod* param) {
  const auto index = value<std::int32_t, ::spa_pod_get_int>(param, SPA_PARAM_ROUTE_index);
  const auto device = value<std::int32_t, ::spa_pod_get_int>(param, SPA_PARAM_ROUTE_device);
  if (!index || !device) return std::nullopt;
  return Route{*index, *device};
}

Pod Pod::props(const std::vector<float>& channels, bool muted) {
  Pod pod;
  spa_pod_builder builder{};
  ::spa_pod_builder_init(&builder, pod.memory_->data(), pod.memory_->size());
  add_props(builder, channels, muted);
  pod.pod_ = reinterpret_cast<const spa_pod*>(pod.memory_->data());
  return pod;
}

Pod Pod::route(const Route& route, const std::vector<float>& channels, bool muted) {
  Pod pod;
  spa_pod_builder builder{};
  ::spa_pod_builder_init(&builder, pod.memory_->data(), pod.memory_->size());
  spa_pod_frame frame{};
  ::spa_pod_builder_push_object(&builder, &frame, SPA_TYPE_OBJECT_ParamRoute, SPA_PARAM_Route);
  ::spa_pod_builder_prop(&builder, SPA_PARAM_ROUTE_index, 0);
  ::spa_pod_builder_int(&builder, route.index);
  ::spa_pod_builder_prop(&builder, SPA_PARAM_ROUTE_device, 0);
  ::spa_pod_builder_int(&builder, route.device);
  ::spa_pod_builder_prop(&builder, SPA_PARAM_ROUTE_props, 0);
  add_props(builder, channels, muted);
  ::spa_pod_builder_prop(&builder, SPA_PARAM_ROUTE_save, 0);
  ::spa_pod_builder_bool(&builder, true);
  ::spa_pod_builder_pop(&builder, &frame);
  pod.pod_ = reinterpret_cast<const spa_pod*>(pod.memory_->data());
  return pod;
}

Pod Pod::node_command(std::uint32_t command) {
  Pod pod;
  spa_pod_builder builder{};
  ::spa_pod_builder_init(&builder, pod.memory_->data(), pod.memory_->size());
  spa_pod_frame frame{};
  ::spa_pod_builder_push_object(&builder, &frame, SPA_TYPE_COMMAND_Node, command);
  ::spa_pod_builder_pop(&builder, &frame);
  pod.pod_ = reinterpret_cast<const spa_pod*>(pod.memory_->data());
  return pod;
}

}  // namespace rocd::pw
