// Endpoints of the configuration file: what of them may be changed at run time, and what stays.
#include <algorithm>

#include "device/endpoint_records.hpp"
#include "device/endpoint_rules.hpp"

namespace rocd {

Result<> EndpointDispatcher::Impl::add_configured(EndpointSpec file) {
  complete(file);
  file.version = storage.version_floor();
  if (const auto found = overrides.find(file.uid); found != overrides.end()) {
    auto& known = found->second;
    file.version = std::max(file.version, known.version);
    if (known.complete) {
      known = {difference(file, with_overrides(file, known.members)), file.version};
      auto stored = storage.put_overrides(file.uid, known.version, known.members);
      if (!stored) return stored;
    }
    add(with_overrides(file, known.members)).file = file;
  } else {
    add(file).file = file;
  }
  return {};
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
