#include "device/system_settings.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace rocd {
namespace {

// Volumes are floats in PipeWire, and the mean of the channels here.
bool same(double a, double b) {
  return std::abs(a - b) <= 0.001 * std::max({1.0, a, b});
}

bool has_volume(const SystemSetting& setting, double volume) {
  return !setting.volume || same(*setting.volume, volume);
}

bool has_mute(const SystemSetting& setting, bool muted) {
  return setting.muted.value_or(muted) == muted;
}

}  // namespace

void SystemSettings::load(const Uid& device, SystemSetting setting) {
  settings_[device] = std::move(setting);
}

const SystemSetting* SystemSettings::find(const Uid& device) const {
  const auto found = settings_.find(device);
  return found == settings_.end() ? nullptr : &found->second;
}

SystemSetting SystemSettings::changed(const Uid& device, const std::string& system_name,
                                      Level before, Level wanted) const {
  const auto* known = find(device);
  auto setting = known == nullptr ? SystemSetting{system_name} : *known;
  if (wanted.volume != before.volume) setting.volume = wanted.volume;
  if (wanted.muted != before.muted) setting.muted = wanted.muted;
  return setting;
}

void SystemSettings::set(const Uid& device, SystemSetting setting, Instant now) {
  settings_[device] = std::move(setting);
  const auto found = present_.find(device);
  if (found == present_.end()) return;
  found->second.told = now + settle_time;
  found->second.attempts = 0;
}

SystemSettings::Verdict SystemSettings::handle_device(const Uid& device, const DeviceInfo& info,
                                                      Instant now) {
  const auto [entry, appeared] = present_.try_emplace(device, Present{now + settle_time});
  auto& present = entry->second;
  const auto before = std::exchange(present.seen, {info.volume, info.muted});
  const auto* setting = find(device);
  if (setting == nullptr) return {};
  const bool volume_moved = appeared || !same(before.volume, info.volume);
  const bool mute_moved = appeared || before.muted != info.muted;
  if (!volume_moved && !mute_moved) return {};  // of something else, or we wait for our own
  const bool volume_lost = volume_moved && !has_volume(*setting, info.volume);
  const bool mute_lost = mute_moved && !has_mute(*setting, info.muted);
  if (!volume_lost && !mute_lost) {
    present.told = {};
    return {};
  }
  if (now < present.settled && ++present.attempts <= most_attempts)
    return {Level{setting->volume.value_or(info.volume), setting->muted.value_or(info.muted)},
            false};
  if (now < present.told) return {};
  give_up(device, volume_lost, mute_lost);
  return {{}, true};
}

void SystemSettings::give_up(const Uid& device, bool volume, bool muted) {
  auto& setting = settings_.at(device);
  if (volume) setting.volume.reset();
  if (muted) setting.muted.reset();
  if (setting.empty()) settings_.erase(device);
}

void SystemSettings::handle_gone(const Uid& device) {
  present_.erase(device);
}

}  // namespace rocd
