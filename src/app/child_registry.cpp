#include "app/child_registry.hpp"

#include "base/log.hpp"

namespace rocd {

void StoreChildRegistry::add(const Uid& child, const ProcessIdentity& identity) {
  if (const auto put = store_.put_child({child, identity, boot_id_}); !put)
    log("app").error("cannot write down child {} of stream {}: {}", identity.pid, child.str(),
                     to_string(put.error()));
}

void StoreChildRegistry::remove(const Uid& child) {
  if (const auto removed = store_.remove_child(child); !removed)
    log("app").error("cannot forget the child of stream {}: {}", child.str(),
                     to_string(removed.error()));
}

}  // namespace rocd
