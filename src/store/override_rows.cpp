#include "store/override_rows.hpp"

#include <algorithm>

namespace rocd {

Result<std::vector<StoredItem>> OverrideRows::load() {
  auto items = store_.load(kind_);
  if (!items) return items;
  const auto own = std::ranges::find(*items, self_, &StoredItem::uid);
  if (own == items->end()) return items;
  floor_ = std::max(floor_, own->version);
  items->erase(own);
  return items;
}

Result<> OverrideRows::put(const StoredItem& item) {
  if (!item.body.empty()) return store_.put(kind_, item);
  // In this order: between the two, the version is too high at worst.
  if (auto raised = raise_floor(item.version); !raised) return raised;
  return store_.remove(kind_, item.uid);
}

Result<> OverrideRows::raise_floor(std::uint64_t version) {
  if (version <= floor_) return {};
  if (auto written = store_.put(kind_, {self_, version, {}}); !written) return written;
  floor_ = version;
  return {};
}

}  // namespace rocd
