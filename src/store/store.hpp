// What outlives the daemon: its uid, specs made over REST, runtime overrides of configured specs,
// what was chosen for streams, and the children that ran last. One SQLite file, WAL and
// synchronous=FULL: a write that returned is on disk. Statuses are never stored.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process_identity.hpp"
#include "base/result.hpp"
#include "base/uid.hpp"

namespace rocd {

enum class StoredKind {
  endpoint,
  stream,
  endpoint_override,
  stream_override,
  system_override,  // of a device that is not rocd's
  peer,
  stream_address  // what was chosen for a stream: others send to it
};

struct StoredItem {
  Uid uid;
  std::uint64_t version = 1;
  boost::json::object body;  // model/json's writable_json plus "name"; a partial one for overrides
};

struct StoredChild {
  Uid stream;
  ProcessIdentity identity;
  std::string boot_id;  // /proc/sys/kernel/random/boot_id at the time of its start
};

// A stored item that this rocd cannot understand: it stays as it is, and a person is told of it.
struct UnreadableItem {
  std::string kind;  // "stream", "endpoint_override", …
  std::string uid;   // as stored
  std::string reason;
};

class Store final {
 public:
  // Creates directory (0700) and files (0600); refuses a damaged or newer state.db without changing
  // it, and a directory that another running rocd holds (flock). ":memory:" for tests.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(const std::filesystem::path& directory);
  ~Store();

  [[nodiscard]] Result<Uid> self_uid();  // made at first use

  // Without those that are no items at all: they are set aside.
  [[nodiscard]] Result<std::vector<StoredItem>> load(StoredKind kind);
  // Whoever loads an item and cannot understand it says so here. Logged, and kept for unreadable().
  void set_aside(StoredKind kind, std::string_view uid, const std::string& reason);
  [[nodiscard]] const std::vector<UnreadableItem>& unreadable() const;

  // Whether the last write that was asked for is on disk. If it is not, it is tried once more
  // whether the disk takes one by now: the error of that, with a hint.
  [[nodiscard]] Result<> check_writable();
  // Called when a write fails and the one before it did not, and the other way round; in the middle
  // of whatever has written. One listener; empty: none.
  void set_on_change(std::function<void()> listener);

  // Errors: io; unavailable while another program holds a lock. Nothing is changed then.
  [[nodiscard]] Result<> put(StoredKind kind, const StoredItem& item);
  [[nodiscard]] Result<> remove(StoredKind kind, const Uid& uid);

  [[nodiscard]] Result<std::vector<StoredChild>> load_children();
  [[nodiscard]] Result<> put_child(const StoredChild& child);
  [[nodiscard]] Result<> remove_child(const Uid& stream);

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rocd
