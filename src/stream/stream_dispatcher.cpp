#include "stream/stream_dispatcher.hpp"

#include <utility>

#include "base/log.hpp"
#include "model/json.hpp"
#include "model/validate.hpp"
#include "stream/stream_records.hpp"

namespace rocd {
namespace {

Error no_such_stream(const Uid& uid) {
  return make_error(ErrorCode::not_found, "there is no stream " + uid.str());
}

Error too_many_streams() {
  return make_error(ErrorCode::conflict,
                    "there are " + std::to_string(limits::max_streams) +
                        " streams, which is the limit; those that are still being stopped count",
                    "delete streams that are not needed, then try again");
}

}  // namespace

StreamDispatcher::StreamDispatcher(boost::asio::any_io_executor executor, Options options,
                                   StreamEngine& engine, Supervisor& supervisor,
                                   EndpointDispatcher& endpoints, Store& store, EventBus& events)
    : impl_(std::make_unique<Impl>(std::move(executor), std::move(options), engine, supervisor,
                                   endpoints, store, events)) {
  impl_->set_callbacks();
}

StreamDispatcher::~StreamDispatcher() {
  impl_->engine.set_on_changed(nullptr);
  impl_->supervisor.set_callbacks({});
  impl_->endpoints.set_callbacks({});
}

Result<> StreamDispatcher::start(const std::vector<StreamSpec>& configured) {
  auto overrides = impl_->store.load_overrides();
  if (!overrides) return overrides.error();
  auto stored = impl_->store.load();
  if (!stored) return stored.error();
  impl_->overrides = std::move(*overrides);
  for (const auto& file : configured) impl_->files[file.uid] = file;
  if (auto loaded = impl_->load_addresses(*stored); !loaded) return loaded;
  for (const auto& file : configured) impl_->add(impl_->in_force(file));
  for (auto& spec : *stored) {
    if (impl_->record(spec.uid) != nullptr) {
      rocd::log("stream").warn("stream {} is stored and configured: the configuration is used",
                               spec.uid.str());
      continue;
    }
    impl_->add(std::move(spec));
  }
  impl_->started = true;
  return {};
}

boost::asio::awaitable<void> StreamDispatcher::shutdown() {
  impl_->closing = true;
  impl_->server.stop();
  impl_->usage_timer.arm(std::nullopt);
  impl_->activity_timer.arm(std::nullopt);
  impl_->question_timer.arm(std::nullopt);
  for (const auto& [uid, record] : impl_->records) {
    const bool local = kind_of(record->spec()) == StreamKind::local;
    record->close();
    if (local) impl_->endpoints.driver().remove_link(uid);
  }
  co_await impl_->supervisor.shutdown();
}

std::vector<Stream> StreamDispatcher::list() const {
  std::vector<Stream> streams;
  streams.reserve(impl_->records.size());
  for (const auto& [uid, record] : impl_->records) {
    if (!record->removed()) streams.push_back(record->view());
  }
  return streams;
}

std::vector<Uid> StreamDispatcher::uids() const {
  std::vector<Uid> uids;
  for (const auto& [uid, record] : impl_->records) {
    if (!record->removed()) uids.push_back(uid);
  }
  return uids;
}

std::map<StreamState, std::size_t> StreamDispatcher::count_states() const {
  std::map<StreamState, std::size_t> counts;
  for (const auto& [uid, record] : impl_->records)
    if (!record->removed()) ++counts[record->state()];
  return counts;
}

std::optional<Stream> StreamDispatcher::find(const Uid& uid) const {
  const auto* record = impl_->visible(uid);
  return record == nullptr ? std::nullopt : std::optional(record->view());
}

const StreamSpec* StreamDispatcher::configured(const Uid& uid) const {
  const auto found = impl_->files.find(uid);
  return found == impl_->files.end() ? nullptr : &found->second;
}

StreamOverrides StreamDispatcher::overrides(const Uid& uid) const {
  return impl_->overrides_of(uid);
}

Result<StreamDispatcher::Log> StreamDispatcher::log(const Uid& uid) const {
  if (impl_->visible(uid) == nullptr) return no_such_stream(uid);
  Log result;
  if (const auto* ring = impl_->supervisor.log(uid)) {
    result.lines = ring->last(ring->size());
    result.dropped_bytes = ring->dropped_bytes();
  }
  return result;
}

std::uint64_t StreamDispatcher::skipped_output(const Uid& uid) const {
  return impl_->supervisor.skipped_bytes(uid);
}

Result<StreamDispatcher::Subscription> StreamDispatcher::follow_log(
    const Uid& uid, std::function<void(const LogLine&)> line, std::function<void()> end) {
  auto* record = impl_->visible(uid);
  if (record == nullptr) return no_such_stream(uid);
  return record->add_reader({std::move(line), std::move(end)});
}

std::vector<FieldError> StreamDispatcher::mistakes(const StreamSpec& spec) const {
  return impl_->errors_in(spec);
}

Result<Stream> StreamDispatcher::create(StreamSpec spec) {
  if (spec.uid.empty()) {
    do {
      spec.uid = Uid::random();
    } while (impl_->record(spec.uid) != nullptr);
  }
  if (const auto* existing = impl_->record(spec.uid)) {
    return existing->removed()
               ? make_error(ErrorCode::conflict,
                            "the stream that had this uid is still being stopped",
                            "try again in a moment")
               : make_error(ErrorCode::conflict, "a stream with this uid exists already");
  }
  if (impl_->records.size() >= limits::max_streams) return too_many_streams();
  spec.origin = Origin::api;
  spec.location.clear();
  spec.version = 1;
  if (auto errors = impl_->errors_in(spec); !errors.empty()) return refused(std::move(errors));
  if (auto stored = impl_->store.put(spec); !stored) return stored.error();
  return impl_->add(std::move(spec)).view();
}

Result<Stream> StreamDispatcher::update(const Uid& uid, StreamSpec spec) {
  auto* record = impl_->visible(uid);
  if (record == nullptr) return no_such_stream(uid);
  const StreamSpec before = record->spec();
  spec.uid = before.uid;
  spec.name = before.name;
  spec.origin = before.origin;
  spec.location = before.location;
  spec.version = before.version + (same_wish(before, spec) ? 0 : 1);
  if (before.origin == Origin::config) return impl_->override_configured(*record, std::move(spec));
  if (spec.version == before.version) return record->view();
  if (auto errors = impl_->errors_in(spec); !errors.empty()) return refused(std::move(errors));
  if (auto stored = impl_->store.put(spec); !stored) return stored.error();
  impl_->change(*record, std::move(spec));
  return record->view();
}

Result<> StreamDispatcher::remove(const Uid& uid) {
  auto* record = impl_->visible(uid);
  if (record == nullptr) return no_such_stream(uid);
  if (record->spec().origin == Origin::config) {
    return belongs_to_configuration(impl_->files.at(uid), "it cannot be deleted");
  }
  if (auto removed = impl_->store.remove(uid); !removed) return removed.error();
  impl_->remove(*record);
  return {};
}

Result<Stream> StreamDispatcher::restart(const Uid& uid) {
  auto* record = impl_->visible(uid);
  if (record == nullptr) return no_such_stream(uid);
  record->tell([](StreamMachine& m, Now now) { m.handle_restart(now); });
  return record->view();
}

}  // namespace rocd
