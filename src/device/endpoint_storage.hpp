// Endpoints in the store: whole specs of those made over REST, and what was changed at run time of
// those of the configuration file and of the system's.
#pragma once

#include <map>
#include <vector>

#include "base/result.hpp"
#include "device/system_settings.hpp"
#include "model/endpoint.hpp"
#include "model/overrides.hpp"
#include "store/override_rows.hpp"
#include "store/store.hpp"

namespace rocd {

class EndpointStorage {
 public:
  // store outlives it.
  EndpointStorage(const Uid& self, Store& store)
      : self_(self), store_(store), overrides_(store, StoredKind::endpoint_override, self) {}

  // What cannot be understood (a newer rocd wrote it) is set aside in the store.
  [[nodiscard]] Result<std::vector<EndpointSpec>> load_specs();

  // Of entries of the file, also of those that are not there now.
  struct StoredOverrides {
    EndpointOverrides members;
    std::uint64_t version = 1;
    bool complete = false;  // an earlier rocd wrote it: all members, changed or not
  };
  [[nodiscard]] Result<std::map<Uid, StoredOverrides>> load_overrides();

  [[nodiscard]] Result<> put(const EndpointSpec& spec);
  [[nodiscard]] Result<> put_overrides(const Uid& uid, std::uint64_t version,
                                       const EndpointOverrides& members);
  [[nodiscard]] Result<> remove(const Uid& uid);  // a spec

  // Of devices that are not rocd's. An empty setting goes.
  [[nodiscard]] Result<std::map<Uid, SystemSetting>> load_system_settings();
  [[nodiscard]] Result<> put_system_setting(const Uid& uid, const SystemSetting& setting);

  // The version that an entry of the file has at least; load_overrides() was called.
  [[nodiscard]] std::uint64_t version_floor() const { return overrides_.floor(); }
  [[nodiscard]] Result<> raise_version_floor(std::uint64_t version) {
    return overrides_.raise_floor(version);
  }

 private:
  Uid self_;
  Store& store_;
  OverrideRows overrides_;
};

}  // namespace rocd
