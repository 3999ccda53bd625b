// Endpoints of the configuration file: what of them may be changed at run time, and what stays.
#include <algorithm>

#include "device/endpoint_records.hpp"
#include "device/endpoint_rules.hpp"

namespace rocd {

Result<> EndpointDispatcher::Impl::add_configured(EndpointSpec file) {
  complete(file);
  if (const auto found = overrides.find(file.uid);
      found != overrides.end() && found->second.complete) {
    auto& [members, version, complete] = found->second;
    members = difference(file, with_overrides(file, members));
    complete = false;
    if (auto stored = storage.put_overrides(file.uid, version, members); !stored) return stored;
  }
  add(in_force(file)).file = file;
  return {};
}

EndpointSpec EndpointDispatcher::Impl::in_force(const EndpointSpec& file) const {
  const auto known = records.find(file.uid);
  const auto stored = overrides.find(file.uid);
  EndpointOverrides members;
  if (known != records.end())
    members = overrides_of(known->second);
  else if (stored != overrides.end())
    members = stored->second.members;
  auto spec = with_overrides(file, members);
  spec.version = storage.version_floor();
  if (stored != overrides.end()) spec.version = std::max(spec.version, stored->second.version);
  return spec;
}

EndpointOverrides EndpointDispatcher::Impl::overrides_of(const Record& record) const {
  if (!record.file) return {};
  if (record.unsaved) return difference(*record.file, record.endpoint.spec);
  const auto stored = overrides.find(record.file->uid);
  return stored == overrides.end() ? EndpointOverrides{} : stored->second.members;
}

// Of an entry of the file, what it does not say itself.
Result<> EndpointDispatcher::Impl::store(Record& record, const EndpointSpec& spec) {
  if (!record.file) {
    if (auto stored = storage.put(spec); !stored) return stored;
  } else {
    const auto members = difference(*record.file, spec);
    auto stored = storage.put_overrides(spec.uid, spec.version, members);
    if (!stored) return stored;
    overrides[spec.uid] = {members, spec.version};
  }
  record.unsaved = false;
  return {};
}

}  // namespace rocd
