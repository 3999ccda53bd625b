// Stream specs and overrides on disk: what a stored item looks like. Decides nothing else.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "base/result.hpp"
#include "model/overrides.hpp"
#include "model/stream.hpp"
#include "store/override_rows.hpp"
#include "store/store.hpp"

namespace rocd {

class StreamStore {
 public:
  StreamStore(const Uid& self, Store& store)
      : self_(self), store_(store), overrides_(store, StoredKind::stream_override, self) {}

  // What cannot be understood (a newer rocd wrote it) is set aside in the store.
  [[nodiscard]] Result<std::vector<StreamSpec>> load();
  [[nodiscard]] Result<> put(const StreamSpec& spec);
  [[nodiscard]] Result<> remove(const Uid& uid);

  // Of entries of the file, also of those that are not there now.
  struct StoredOverrides {
    StreamOverrides members;
    std::uint64_t version = 1;
  };
  [[nodiscard]] Result<std::map<Uid, StoredOverrides>> load_overrides();
  [[nodiscard]] Result<> put_overrides(const Uid& uid, const StoredOverrides& overrides);

  // What was chosen for receiving streams where they leave it open, of all that are in `streams`;
  // what is stored of others is removed.
  [[nodiscard]] Result<std::map<Uid, ExternalAddress>> load_addresses(const std::set<Uid>& streams);
  // An empty one is removed.
  [[nodiscard]] Result<> put_address(const Uid& stream, const ExternalAddress& address);

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
