#include "app/reloader.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/log.hpp"
#include "config/listen.hpp"
#include "config/take_over.hpp"
#include "config/text.hpp"
#include "config/yaml_key.hpp"
#include "model/json.hpp"

namespace rocd {
namespace {

Error no_file() {
  return make_error(ErrorCode::conflict, "rocd was started without a configuration file",
                    "write one, and start rocd again with --config FILE");
}

Error wrong(const Config& config, std::vector<FieldError> fields) {
  auto error = make_error(ErrorCode::invalid_argument,
                          "the configuration cannot be taken over, and nothing was changed");
  error.where = config.file.string();
  error.fields = std::move(fields);
  for (auto& field : error.fields) field.reason = without_secrets(field.reason);
  return error;
}

// Where in the file the entry says what is wrong.
template <class Entry>
const Entry* find_entry(const std::vector<Entry>& entries, const Uid& uid) {
  for (const auto& entry : entries)
    if (entry.spec.uid == uid) return &entry;
  return nullptr;
}

template <class Entry>
SourceLocation place_in(const Entry& entry, std::string_view pointer) {
  auto key = yaml_path(pointer);
  if (key == "stream_direction") key = "direction";
  for (;;) {
    if (const auto at = entry.origins.find(key); at != entry.origins.end()) return at->second.place;
    const auto dot = key.rfind('.');
    if (dot == std::string::npos) return entry.spec.location;
    key.resize(dot);
  }
}

FieldError in_words_of_file(const ReloadConflict& conflict, const Config& read) {
  const auto& [uid, error] = conflict;
  const auto said = [&](const auto& entry) {
    return FieldError{place_in(entry, error.path),
                      fmt::format("'{}': {}", entry.spec.name, error.reason)};
  };
  if (const auto* endpoint = find_entry(read.endpoints, uid)) return said(*endpoint);
  if (const auto* stream = find_entry(read.streams, uid)) return said(*stream);
  return {read.file.string(), error.reason};
}

std::string count(const ReloadDiff& diff, std::string_view what) {
  return fmt::format("{} {} added, {} changed, {} removed", diff.added.size(), what,
                     diff.changed.size(), diff.removed.size());
}

void tell(const ReloadReport& report) {
  log("app").info("read {} anew: {}; {}{}{}", report.file.string(),
                  count(report.endpoints, "endpoints"), count(report.streams, "streams"),
                  report.values.empty() ? "" : "; new values of ", fmt::join(report.values, ", "));
  if (!report.restart_needed.empty())
    log("app").warn("only a restart takes over the new values of {}",
                    fmt::join(report.restart_needed, ", "));
}

}  // namespace

Result<ReloadReport> Reloader::reload() {
  auto report = try_reload();
  if (report) {
    tell(*report);
    return report;
  }
  const auto& error = report.error();
  log("app").error("{}{}", error.message, error.hint.empty() ? "" : "; " + error.hint);
  for (const auto& field : error.fields) log("app").error("{}: {}", field.path, field.reason);
  return report;
}

Result<ReloadReport> Reloader::try_reload() {
  if (!load_) return no_file();
  auto [read, errors] = load_();
  std::vector<FieldError> mistakes;
  for (const auto& error : errors) mistakes.push_back({error.location, error.reason});
  if (!mistakes.empty()) return wrong(read, std::move(mistakes));
  assign_uids(read, parts_.self.uid);
  if (auto found = conflicts(read); !found.empty()) return wrong(read, std::move(found));

  auto next = take_over(parts_.config, read);
  // The address stays the one of the start: without tokens nobody could use it any more.
  if (const auto safe = check_exposure(next.config.http); !safe)
    return wrong(read, {{read.file.string(), safe.error().message + "; " + safe.error().hint}});
  const auto endpoints = parts_.endpoints.prepare(endpoint_specs(read));
  if (!endpoints) return endpoints.error();
  const auto streams = parts_.streams.prepare(stream_specs(read));
  if (!streams) return streams.error();
  auto renamed = rename_self(parts_.config.name, next.config.name);
  if (!renamed) return renamed.error();

  // From here on nothing fails.
  parts_.config = std::move(next.config);
  configure_log(parts_.config.log);
  parts_.streams.set_rules(parts_.config.ports, parts_.config.tools.allow_extra_args);
  parts_.streams.retire(*streams);
  parts_.endpoints.apply(*endpoints);
  parts_.streams.apply(*streams);

  ReloadReport report{parts_.config.file, endpoints->plan.diff(), streams->plan.diff(),
                      std::move(next.changed), std::move(next.waiting)};
  parts_.events.publish(EventType::daemon_reloaded, "/system", nullptr,
                        boost::json::object{{"reload", to_json(report, parts_.self.uid)}},
                        Now::read().wall);
  return report;
}

std::vector<FieldError> Reloader::conflicts(const Config& read) const {
  const auto endpoints = endpoint_specs(read);
  auto found = parts_.endpoints.conflicts(endpoints);
  for (auto& conflict : parts_.streams.conflicts(stream_specs(read), endpoints))
    found.push_back(std::move(conflict));
  std::vector<FieldError> errors;
  errors.reserve(found.size());
  for (const auto& conflict : found) errors.push_back(in_words_of_file(conflict, read));
  return errors;
}

// Of this peer, unless it has a name that was given over REST.
Result<> Reloader::rename_self(const std::string& former, const std::string& name) {
  if (name == former) return {};
  auto stored = load_peer(parts_.store, parts_.self.uid);
  if (!stored) return stored.error();
  if (!stored->display_name.empty()) return {};
  Peer renamed = parts_.self;
  renamed.display_name = name;
  ++renamed.version;
  auto written = parts_.store.put(StoredKind::peer, {renamed.uid, renamed.version, {}});
  if (!written) return written;
  parts_.events.publish(EventType::peer_updated, peer_uri(renamed.uid), to_json(parts_.self),
                        to_json(renamed), Now::read().wall);
  parts_.self = renamed;
  return {};
}

Result<Peer> load_peer(Store& store, const Uid& self) {
  Peer peer;
  peer.uid = self;
  auto stored = store.load(StoredKind::peer);
  if (!stored) return stored.error();
  for (const auto& item : *stored) {
    if (item.uid != self) continue;
    const auto decoded = decode_peer(item.body, {self, self});
    if (decoded)
      peer.display_name = decoded->display_name;
    else
      store.set_aside(StoredKind::peer, item.uid.str(), to_string(decoded.error()));
    peer.version = item.version;
  }
  return peer;
}

}  // namespace rocd
