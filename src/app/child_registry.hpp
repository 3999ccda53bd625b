// Writes running children down in the store, so that the next start finds those that a killed rocd
// left behind. A failure to write is logged and the child runs on: audio first.
#pragma once

#include <string>

#include "store/store.hpp"
#include "supervise/supervisor.hpp"

namespace rocd {

class StoreChildRegistry final : public ChildRegistry {
 public:
  // `store` outlives the registry. boot_id: of this boot (/proc/sys/kernel/random/boot_id).
  StoreChildRegistry(Store& store, std::string boot_id)
      : store_(store), boot_id_(std::move(boot_id)) {}

  void add(const Uid& child, const ProcessIdentity& identity) override;
  void remove(const Uid& child) override;

 private:
  Store& store_;
  std::string boot_id_;
};

}  // namespace rocd
