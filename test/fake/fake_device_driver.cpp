#include "fake/fake_device_driver.hpp"

#include <fmt/format.h>

#include <utility>

namespace rocd::test {

void FakeDeviceDriver::queue(std::function<void()> report) {
  reports_.push_back(std::move(report));
  if (reports_.size() == 1 && on_pending) on_pending();
}

std::size_t FakeDeviceDriver::deliver() {
  std::size_t count = 0;
  while (!reports_.empty()) {
    const auto report = std::move(reports_.front());
    reports_.pop_front();
    report();
    ++count;
  }
  return count;
}

void FakeDeviceDriver::start(DeviceCallbacks callbacks) {
  callbacks_ = std::move(callbacks);
  if (!hold_connection) connect();
}

void FakeDeviceDriver::connect() {
  if (std::exchange(connected_, true)) return;
  queue([this] {
    if (callbacks_.on_connection) callbacks_.on_connection(true, "");
  });
  for (const auto& [name, info] : system_devices_) {
    devices_[name] = info;
    devices_[name].serial = next_serial_++;
    report_device(name);
  }
  if (!hold_devices) release();
}

void FakeDeviceDriver::disconnect(const std::string& reason) {
  if (!std::exchange(connected_, false)) return;
  queue([this, reason] {
    if (callbacks_.on_connection) callbacks_.on_connection(false, reason);
  });
  present_.clear();
  while (!devices_.empty()) vanish(devices_.begin()->first);
  while (!stream_nodes_.empty()) remove_stream_node(stream_nodes_.begin()->first);
  check_links();
}

void FakeDeviceDriver::check() {
  log.emplace_back("check");
  if (!connected_ || hold_answers) return;
  queue([this] {
    if (callbacks_.on_answer) callbacks_.on_answer(silence_.empty(), silence_);
  });
}

void FakeDeviceDriver::fall_silent() {
  silence_ = "the sound system does not answer";
}

void FakeDeviceDriver::answer_again() {
  silence_.clear();
  queue([this] {
    if (callbacks_.on_answer) callbacks_.on_answer(true, "");
  });
}

void FakeDeviceDriver::set_session_manager(bool runs) {
  manager_runs_ = runs;
  queue([this, runs] {
    if (callbacks_.on_session_manager) callbacks_.on_session_manager(runs);
  });
}

void FakeDeviceDriver::release() {
  hold_devices = false;
  for (const auto& [uid, device] : wanted)
    if (!present_.contains(uid)) appear(device);
}

void FakeDeviceDriver::ensure_device(const VirtualDevice& device) {
  log.push_back("ensure " + device.node_name);
  const auto old = present_.find(device.uid);
  wanted[device.uid] = device;
  if (old == present_.end()) {
    if (connected_ && !hold_devices) appear(device);
    return;
  }
  const auto made_as = old->second;
  if (made_as.node_name != device.node_name || made_as.direction != device.direction ||
      made_as.channels != device.channels || made_as.sample_rate != device.sample_rate) {
    present_.erase(old);
    vanish(made_as.node_name);
    appear(device);
    return;
  }
  old->second = device;
  auto& info = devices_.at(device.node_name);
  if (info.volume == device.volume && info.muted == device.muted) return;
  info.volume = device.volume;
  info.muted = device.muted;
  report_device(device.node_name);
}

void FakeDeviceDriver::remove_device(const Uid& uid) {
  const auto found = wanted.find(uid);
  if (found == wanted.end()) return;
  const auto name = found->second.node_name;
  log.push_back("remove " + name);
  wanted.erase(found);
  if (present_.erase(uid) > 0) vanish(name);
}

void FakeDeviceDriver::appear(const VirtualDevice& device) {
  if (!connected_) return;
  ++made[device.node_name];
  present_[device.uid] = device;
  DeviceInfo info;
  info.node_name = device.node_name;
  info.description = device.description;
  info.virtual_uid = device.uid;
  info.direction = device.direction;
  info.serial = next_serial_++;
  info.channels = device.channels;
  info.sample_rate = device.sample_rate;
  info.volume = device.volume;
  info.muted = device.muted;
  info.capture_node = device.node_name;
  info.capture_is_monitor = device.direction == StreamDirection::output;
  info.playback_node =
      device.direction == StreamDirection::input ? device.node_name + ".feed" : device.node_name;
  devices_[device.node_name] = info;
  report_device(device.node_name);
  check_links();
}

void FakeDeviceDriver::vanish(std::string node_name) {
  if (devices_.erase(node_name) == 0) return;
  queue([this, node_name = std::move(node_name)] {
    if (callbacks_.on_device_gone) callbacks_.on_device_gone(node_name);
  });
  check_links();
}

void FakeDeviceDriver::report_device(const std::string& node_name) {
  auto& device = devices_.at(node_name);
  device.capture_serial = device.playback_serial = device.serial;
  queue([this, info = device] {
    if (callbacks_.on_device) callbacks_.on_device(info);
  });
}

LinkedNode FakeDeviceDriver::node(const std::string& node_name) const {
  for (const auto& [name, info] : devices_)
    if (info.capture_node == node_name || info.playback_node == node_name)
      return {node_name, info.serial};
  return {node_name, 0};
}

void FakeDeviceDriver::share_names(const std::string& node_name, bool shared) {
  auto& info = devices_.at(node_name);
  info.capture_name_is_shared = info.playback_name_is_shared = shared;
  report_device(node_name);
}

void FakeDeviceDriver::report_problem(const Uid& device, const std::string& problem) {
  queue([this, device, problem] {
    if (callbacks_.on_device_problem) callbacks_.on_device_problem(device, problem);
  });
}

void FakeDeviceDriver::add_system_device(DeviceInfo info) {
  if (info.serial == 0) info.serial = next_serial_++;
  if (info.channels == 0) info.channels = 2;
  if (info.sample_rate == 0) info.sample_rate = 48000;
  if (info.description.empty()) info.description = info.node_name;
  if (info.capture_node.empty()) info.capture_node = info.node_name;
  info.capture_is_monitor = info.direction == StreamDirection::output;
  if (info.direction != StreamDirection::input) info.playback_node = info.node_name;
  system_devices_[info.node_name] = info;
  if (!connected_) return;
  devices_[info.node_name] = info;
  report_device(info.node_name);
  check_links();
}

void FakeDeviceDriver::remove_system_device(const std::string& node_name) {
  system_devices_.erase(node_name);
  vanish(node_name);
}

void FakeDeviceDriver::change_volume(const std::string& node_name, double volume, bool muted) {
  auto& info = devices_.at(node_name);
  info.volume = volume;
  info.muted = muted;
  if (info.virtual_uid) {
    for (auto* device : {&wanted.at(*info.virtual_uid), &present_.at(*info.virtual_uid)}) {
      device->volume = volume;
      device->muted = muted;
    }
  }
  report_device(node_name);
}

Result<> FakeDeviceDriver::set_volume(const std::string& node_name, double volume, bool muted) {
  log.push_back(fmt::format("volume {} {}{}", node_name, volume, muted ? " muted" : ""));
  if (!connected_ || !devices_.contains(node_name)) {
    Error error;
    error.code = connected_ ? ErrorCode::not_found : ErrorCode::unavailable;
    error.message = "there is no device '" + node_name + "'";
    return error;
  }
  change_volume(node_name, volume, muted);
  return {};
}

void FakeDeviceDriver::choose_default(const std::string& node_name) {
  const auto& chosen = devices_.at(node_name);
  for (auto& [name, info] : devices_) {
    if (info.direction != chosen.direction || info.is_chosen_default == (name == node_name))
      continue;
    info.is_chosen_default = info.is_default = name == node_name;
    report_device(name);
  }
}

Result<> FakeDeviceDriver::set_default(const std::string& node_name) {
  log.push_back("default " + node_name);
  if (!connected_ || !devices_.contains(node_name)) {
    Error error;
    error.code = connected_ ? ErrorCode::not_found : ErrorCode::unavailable;
    error.message = "there is no device '" + node_name + "'";
    return error;
  }
  choose_default(node_name);
  return {};
}

Result<> FakeDeviceDriver::clear_default(const std::string& node_name) {
  log.push_back("clear default " + node_name);
  const auto found = devices_.find(node_name);
  if (found == devices_.end() || !found->second.is_chosen_default) return {};
  found->second.is_chosen_default = found->second.is_default = false;
  report_device(node_name);
  return {};
}

void FakeDeviceDriver::ensure_link(const LinkRequest& link) {
  log.push_back(fmt::format("link {} -> {}", link.from_node, link.to_node));
  const auto old = wanted_links.find(link.stream);
  if (old != wanted_links.end() && old->second == link) return;
  wanted_links[link.stream] = link;
  links_[link.stream] = {};
  check_links();
}

void FakeDeviceDriver::remove_link(const Uid& stream) {
  log.push_back("unlink " + stream.str());
  wanted_links.erase(stream);
  links_.erase(stream);
}

void FakeDeviceDriver::break_link(const Uid& stream, const std::string& reason) {
  links_.at(stream) = {.told = true, .linked = false};
  queue([this, stream, reason] {
    if (callbacks_.on_link) callbacks_.on_link(stream, false, reason);
  });
}

void FakeDeviceDriver::check_links() {
  for (const auto& [stream, request] : wanted_links) {
    std::string reason;
    for (const auto& end : {request.from_node, request.to_node})
      if (!has_node(end)) reason = end + " is not there";
    auto& link = links_[stream];
    if (link.told && link.linked == reason.empty()) continue;
    link = {.told = true, .linked = reason.empty()};
    queue([this, stream = stream, linked = reason.empty(), reason] {
      if (callbacks_.on_link) callbacks_.on_link(stream, linked, reason);
    });
  }
}

bool FakeDeviceDriver::has_node(const std::string& node_name) const {
  for (const auto& [name, info] : devices_)
    if (name == node_name || info.playback_node == node_name) return true;
  return false;
}

void FakeDeviceDriver::set_stream_node(StreamNodeInfo info) {
  if (info.serial == 0) info.serial = next_serial_++;
  stream_nodes_[info.stream] = info;
  queue([this, info] {
    if (callbacks_.on_stream_node) callbacks_.on_stream_node(info);
  });
}

void FakeDeviceDriver::remove_stream_node(const Uid& stream) {
  const auto found = stream_nodes_.find(stream);
  if (found == stream_nodes_.end()) return;
  queue([this, stream, serial = found->second.serial] {
    if (callbacks_.on_stream_node_gone) callbacks_.on_stream_node_gone(stream, serial);
  });
  stream_nodes_.erase(found);
}

const DeviceInfo* FakeDeviceDriver::device(const std::string& node_name) const {
  const auto found = devices_.find(node_name);
  return found == devices_.end() ? nullptr : &found->second;
}

void FakeDeviceDriver::shutdown() {
  was_shut_down = true;
  callbacks_ = {};
  reports_.clear();
  connected_ = false;
}

}  // namespace rocd::test
