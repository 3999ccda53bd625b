// Volume and mute that a user set, through rocd, of devices that are not rocd's: what of it is
// still wished, when it is applied again, and when it is given up. (pure) A wish lasts until
// another program changes the device while it is there. What changes while a device settles is
// nobody's wish: session managers restore what they remember of it themselves.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "base/uid.hpp"
#include "device/device_driver.hpp"

namespace rocd {

struct Level {
  double volume = 1.0;
  bool muted = false;
};

struct SystemSetting {
  std::string system_name;
  std::optional<double> volume = {};  // only what was set
  std::optional<bool> muted = {};

  [[nodiscard]] bool empty() const { return !volume && !muted; }
  friend bool operator==(const SystemSetting&, const SystemSetting&) = default;
};

class SystemSettings {
 public:
  // After it appeared or was set. WirePlumber restores within 0.1 s, on a loaded machine later.
  static constexpr Duration settle_time = 3s;
  // So often it is applied again while the device settles; then others want something else.
  static constexpr int most_attempts = 3;

  void load(const Uid& device, SystemSetting setting);
  [[nodiscard]] const SystemSetting* find(const Uid& device) const;  // nullptr: nothing is wished

  // What is wished when a user changes the device from `before` to `wanted`.
  [[nodiscard]] SystemSetting changed(const Uid& device, const std::string& system_name,
                                      Level before, Level wanted) const;
  // That is stored, and the driver is told.
  void set(const Uid& device, SystemSetting setting, Instant now);

  struct Verdict {
    std::optional<Level> apply = {};  // tell the driver
    bool given_up = false;            // at least a part: store what is left
  };
  [[nodiscard]] Verdict handle_device(const Uid& device, const DeviceInfo& info, Instant now);
  void handle_gone(const Uid& device);

 private:
  struct Present {
    Instant settled;    // it appeared long enough ago
    Instant told = {};  // until then reports may be the answer to set()
    int attempts = 0;
    Level seen = {};  // some devices have only certain volumes: ours, as they have it
  };
  void give_up(const Uid& device, bool volume, bool muted);

  std::map<Uid, SystemSetting> settings_;
  std::map<Uid, Present> present_;
};

}  // namespace rocd
