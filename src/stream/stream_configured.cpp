// Streams of the configuration file: what of them may be changed at run time, and what stays.
#include <algorithm>
#include <utility>

#include "stream/stream_records.hpp"

namespace rocd {

Error belongs_to_configuration(const StreamSpec& spec, const std::string& what) {
  auto error =
      make_error(ErrorCode::read_only, "the stream belongs to the configuration file: " + what,
                 "edit the file; at run time only 'enabled' can be changed");
  error.where = spec.location;
  return error;
}

bool same_wish(StreamSpec a, const StreamSpec& b) {
  a.uid = b.uid;
  a.name = b.name;
  a.origin = b.origin;
  a.location = b.location;
  a.version = b.version;
  return a == b;
}

StreamSpec StreamDispatcher::Impl::in_force(const StreamSpec& file) const {
  auto spec = with_overrides(file, overrides_of(file.uid));
  spec.origin = Origin::config;
  spec.version = store.version_floor();
  const auto stored = overrides.find(file.uid);
  if (stored != overrides.end()) spec.version = std::max(spec.version, stored->second.version);
  return spec;
}

StreamOverrides StreamDispatcher::Impl::overrides_of(const Uid& uid) const {
  const auto stored = overrides.find(uid);
  return stored == overrides.end() ? StreamOverrides{} : stored->second.members;
}

Result<Stream> StreamDispatcher::Impl::override_configured(StreamRecord& record, StreamSpec spec) {
  const StreamSpec& before = record.spec();
  if (!same_wish(with_overrides(before, {spec.enabled}), spec)) {
    return belongs_to_configuration(files.at(spec.uid), "it can be changed only there");
  }
  // To say what the file says takes an override back, even if it had come to say the same.
  const auto members = difference(files.at(spec.uid), spec);
  const bool changes = spec.enabled != before.enabled;
  if (!changes && members == overrides_of(spec.uid)) return record.view();
  // Its port may have been given to another stream while it was off.
  if (changes && spec.enabled) {
    if (auto errors = errors_in(spec); !errors.empty()) return refused(std::move(errors));
  }
  const StreamStore::StoredOverrides kept{members, spec.version};
  if (auto stored = store.put_overrides(spec.uid, kept); !stored) return stored.error();
  overrides[spec.uid] = kept;
  if (changes) change(record, std::move(spec));
  return record.view();
}

}  // namespace rocd
