// A configuration that was read anew: which endpoints come, go and change, and how.
#include <utility>

#include "device/endpoint_records.hpp"
#include "device/endpoint_rules.hpp"

namespace rocd {

std::vector<ReloadConflict> EndpointDispatcher::conflicts(
    const std::vector<EndpointSpec>& configured) const {
  std::vector<ReloadConflict> found;
  for (const auto& file : configured) {
    for (const auto& [uid, record] : impl_->records) {
      const auto& other = record.endpoint.spec;
      if (other.origin != Origin::api || (other.name != file.name && uid != file.uid)) continue;
      const auto reason = "the endpoint " + endpoint_uri(impl_->self, uid) +
                          ", made over REST, has this name: rename or remove it first";
      found.push_back({file.uid, {"/name", reason}});
    }
  }
  return found;
}

Result<EndpointReload> EndpointDispatcher::prepare(std::vector<EndpointSpec> configured) {
  std::map<Uid, EndpointSpec> current;
  for (const auto& [uid, record] : impl_->records)
    if (record.file) current[uid] = record.endpoint.spec;
  EndpointReload reload{std::move(configured), {}};
  std::vector<EndpointSpec> wanted;
  for (auto& file : reload.files) {
    complete(file);
    wanted.push_back(impl_->in_force(file));
  }
  reload.plan = plan_reload(current, std::move(wanted));
  // What somebody set a moment ago is kept for the entry's return.
  for (const auto& uid : reload.plan.removed) {
    auto& record = impl_->records.at(uid);
    if (!record.unsaved) continue;
    if (auto stored = impl_->store(record, record.endpoint.spec); !stored) return stored.error();
  }
  if (auto kept = impl_->storage.raise_version_floor(reload.plan.version_floor); !kept)
    return kept.error();
  return reload;
}

void EndpointDispatcher::apply(const EndpointReload& reload) {
  for (const auto& uid : reload.plan.removed) impl_->drop(uid);
  for (const auto& spec : reload.plan.added) {
    impl_->add(spec);
    impl_->driver.ensure_device(to_virtual_device(spec));
  }
  for (const auto& file : reload.files) {
    auto& record = impl_->records.at(file.uid);
    record.file = file;
    if (std::exchange(record.endpoint.spec.location, file.location) != file.location)
      impl_->news.know(record.endpoint);  // a line that moved is none
  }
  for (const auto& spec : reload.plan.added) impl_->changed(spec.uid);
  for (const auto& spec : reload.plan.changed) impl_->take(impl_->records.at(spec.uid), spec);
}

}  // namespace rocd
