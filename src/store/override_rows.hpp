// Rows of one kind of overrides, and a floor for versions: the version of an entry of the
// configuration file must not go back when its row goes, so what it had is kept for all of them,
// in the row of the peer itself. Does not know what is in an override.
#pragma once

#include <vector>

#include "base/result.hpp"
#include "store/store.hpp"

namespace rocd {

class OverrideRows {
 public:
  // store outlives it; kind: endpoint_override or stream_override.
  OverrideRows(Store& store, StoredKind kind, const Uid& self)
      : store_(store), kind_(kind), self_(self) {}

  // Call before anything else; without the floor's row.
  [[nodiscard]] Result<std::vector<StoredItem>> load();
  // An empty body: nothing is overridden, and the row goes.
  [[nodiscard]] Result<> put(const StoredItem& item);

  // The least version of an entry.
  [[nodiscard]] std::uint64_t floor() const { return floor_; }
  [[nodiscard]] Result<> raise_floor(std::uint64_t version);

 private:
  Store& store_;
  StoredKind kind_;
  Uid self_;
  std::uint64_t floor_ = 1;
};

}  // namespace rocd
