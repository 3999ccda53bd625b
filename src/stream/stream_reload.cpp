// A configuration that was read anew: which streams come, go and change, and what forbids it.
#include <algorithm>
#include <utility>

#include "model/validate.hpp"
#include "stream/stream_records.hpp"

namespace rocd {
namespace {

using EndpointsByUid = std::map<Uid, EndpointSpec>;

// An endpoint that the file refers to is one of its entries, or a device of the sound system: what
// that one is, is only known while it is plugged in.
const EndpointSpec& any_system_device() {
  static const EndpointSpec spec = [] {
    EndpointSpec any;
    any.type = EndpointType::system_device;
    any.direction = StreamDirection::duplex;
    return any;
  }();
  return spec;
}

std::string label(const StreamSpec& spec) {
  const auto uri = stream_uri(spec.uid);
  return spec.display_name.empty() ? uri : "'" + spec.display_name + "' (" + uri + ")";
}

// What becomes of one side of a stream that was made over REST.
void check_side(const StreamSpec& spec, bool is_source, const EndpointDispatcher& endpoints,
                const EndpointsByUid& coming, std::vector<ReloadConflict>& found) {
  const auto* used = std::get_if<EndpointRef>(is_source ? &spec.source : &spec.destination);
  const auto* old = used == nullptr ? nullptr : endpoints.configured(used->endpoint);
  if (old == nullptr) return;  // not of the file
  const auto at = coming.find(old->uid);
  if (at == coming.end()) {
    found.push_back(
        {{},
         {"", "the endpoint '" + old->name + "' is no longer in the file, but the stream " +
                  label(spec) + ", made over REST, uses it: delete that first"}});
  } else if (is_source ? !can_be_source(at->second) : !can_be_destination(at->second)) {
    found.push_back({old->uid,
                     {"/stream_direction",
                      "the stream " + label(spec) + ", made over REST, uses it as " +
                          (is_source ? "source" : "destination") + ": delete that first"}});
  }
}

}  // namespace

// With the ports that were chosen for it, if it goes on with the same addresses.
StreamSpec StreamDispatcher::Impl::as_bound(StreamSpec spec) const {
  const auto found = records.find(spec.uid);
  if (found == records.end() || found->second->removed()) return spec;
  if (found->second->spec().source == spec.source) {
    spec.source = found->second->bound_spec().source;
  }
  return spec;
}

std::vector<ReloadConflict> StreamDispatcher::conflicts(
    const std::vector<StreamSpec>& configured, const std::vector<EndpointSpec>& endpoints) const {
  EndpointsByUid coming;
  for (const auto& endpoint : endpoints) coming[endpoint.uid] = endpoint;
  std::vector<StreamSpec> wanted;
  for (const auto& file : configured) wanted.push_back(impl_->in_force(file));
  std::vector<StreamSpec> others;  // made over REST
  for (const auto& [uid, record] : impl_->records) {
    if (!record->removed() && record->spec().origin != Origin::config) {
      others.push_back(record->bound_spec());
    }
  }
  std::vector<StreamSpec> all = others;
  for (const auto& spec : wanted) all.push_back(impl_->as_bound(spec));

  std::vector<ReloadConflict> found;
  ValidationContext context;
  context.self = impl_->options.self;
  context.allow_extra_args = true;  // who may write the file may run programs anyway
  context.find_endpoint = [&](const Uid& uid) {
    const auto at = coming.find(uid);
    return at == coming.end() ? &any_system_device() : &at->second;
  };
  context.each_stream = [&](const std::function<void(const StreamSpec&)>& visit) {
    for (const auto& spec : all) visit(spec);
  };
  for (const auto& spec : wanted) {
    for (auto& error : validate(spec, context)) found.push_back({spec.uid, std::move(error)});
  }
  for (const auto& other : others) {
    if (std::ranges::find(wanted, other.uid, &StreamSpec::uid) != wanted.end()) {
      found.push_back({other.uid,
                       {"/name", "a stream made over REST has its uid: delete " +
                                     stream_uri(other.uid) + " first"}});
    }
    for (const bool is_source : {true, false}) {
      check_side(other, is_source, impl_->endpoints, coming, found);
    }
  }
  return found;
}

Result<StreamReload> StreamDispatcher::prepare(std::vector<StreamSpec> configured) {
  std::map<Uid, StreamSpec> current;
  for (const auto& [uid, file] : impl_->files) {
    if (const auto* record = impl_->visible(uid)) current[uid] = record->spec();
  }
  std::vector<StreamSpec> wanted;
  for (const auto& file : configured) wanted.push_back(impl_->in_force(file));
  StreamReload reload{std::move(configured), plan_reload(current, std::move(wanted))};
  auto kept = impl_->store.raise_version_floor(reload.plan.version_floor);
  if (!kept) return kept.error();
  return reload;
}

void StreamDispatcher::retire(const StreamReload& reload) {
  for (const auto& uid : reload.plan.removed) impl_->remove(*impl_->visible(uid));
}

void StreamDispatcher::apply(const StreamReload& reload) {
  impl_->files.clear();
  for (const auto& file : reload.files) impl_->files[file.uid] = file;
  for (const auto& spec : reload.plan.changed) impl_->change(*impl_->visible(spec.uid), spec);
  for (const auto& spec : reload.plan.added) impl_->add(spec);
}

void StreamDispatcher::set_rules(PortRange ports, bool allow_extra_args) {
  impl_->tools.ports = ports;
  impl_->options.ports = ports;
  impl_->options.allow_extra_args = allow_extra_args;
  impl_->tell_ports_freed();
}

}  // namespace rocd
