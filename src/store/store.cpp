// What is in the files of the state directory, and what damage to them means.
#include "store/store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <utility>

#include "base/log.hpp"
#include "store/sqlite.hpp"

namespace rocd {
namespace {

constexpr std::int64_t schema_version = 1;

// Specs: every acknowledged write is on disk (FULL), because somebody was told so.
constexpr const char* durable_schema = R"(
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS identity (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS item (
    kind TEXT NOT NULL, uid TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (kind, uid)) WITHOUT ROWID;
)";

// Children matter only to a later rocd of the same boot, so nothing waits for the disk: a restart
// of a child must not hang on a slow SD card. A file of its own, because the pragma is per file.
constexpr const char* children_schema = R"(
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = OFF;
  CREATE TABLE IF NOT EXISTS child (
    stream TEXT PRIMARY KEY NOT NULL, pid INTEGER NOT NULL, start_ticks INTEGER NOT NULL,
    boot_id TEXT NOT NULL) WITHOUT ROWID;
)";

std::string_view kind_name(StoredKind kind) {
  switch (kind) {
    case StoredKind::endpoint:
      return "endpoint";
    case StoredKind::stream:
      return "stream";
    case StoredKind::endpoint_override:
      return "endpoint_override";
    case StoredKind::stream_override:
      return "stream_override";
    case StoredKind::peer:
      return "peer";
  }
  return "";
}

Error damaged(const std::filesystem::path& file, std::string_view what) {
  return {ErrorCode::io,
          fmt::format("the stored state is damaged: {}", what),
          file.string(),
          std::string(sqlite::damaged_hint),
          {}};
}

// Holds the lock file of a state directory; its text is the pid, for the message of the next one.
class DirectoryLock {
 public:
  DirectoryLock() = default;
  DirectoryLock(DirectoryLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  DirectoryLock& operator=(DirectoryLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~DirectoryLock() {
    if (fd_ >= 0) ::close(fd_);
  }

  static Result<DirectoryLock> take(const std::filesystem::path& file) {
    DirectoryLock lock;
    lock.fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock.fd_ < 0) return errno_error(fmt::format("open '{}'", file.string()), errno);
    if (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return errno_error(fmt::format("lock '{}'", file.string()), errno);
      char pid[16] = {};
      if (::read(lock.fd_, pid, sizeof pid - 1) < 0) pid[0] = '?';
      return Error{ErrorCode::conflict,
                   fmt::format("another rocd (pid {}) uses this state directory", pid),
                   file.parent_path().string(),
                   "give this one its own with --state-dir",
                   {}};
    }
    const auto pid = std::to_string(::getpid());
    if (::ftruncate(lock.fd_, 0) != 0 ||
        ::write(lock.fd_, pid.data(), pid.size()) != static_cast<ssize_t>(pid.size()))
      return errno_error(fmt::format("write '{}'", file.string()), errno);
    return lock;
  }

 private:
  int fd_ = -1;
};

Result<std::int64_t> schema_of(sqlite::Database& database) {
  auto statement = database.prepare("PRAGMA user_version");
  if (!statement) return statement.error();
  auto row = statement->step();
  if (!row) return row.error();
  return statement->number(0);
}

Error newer_schema(const std::filesystem::path& file, std::int64_t found) {
  return {ErrorCode::io,
          fmt::format("the stored state was written by a newer rocd (schema {}, this one knows {})",
                      found, schema_version),
          file.string(),
          "use that version, or another --state-dir",
          {}};
}

// A damaged page may be one that is read next month only; the file is small, so look at all of it.
Result<> check_pages(sqlite::Database& database, const std::filesystem::path& file) {
  auto statement = database.prepare("PRAGMA quick_check(1)");
  if (!statement) return statement.error();
  auto row = statement->step();
  if (!row) return row.error();
  if (const auto verdict = statement->text(0); verdict != "ok") return damaged(file, verdict);
  return {};
}

Result<sqlite::Database> open_database(const std::filesystem::path& file, const char* schema) {
  auto database = sqlite::Database::open(file);
  if (!database) return database;
  const auto found = schema_of(*database);
  if (!found) return found.error();
  if (*found > schema_version) return newer_schema(file, *found);
  if (auto checked = check_pages(*database, file); !checked) return checked.error();
  if (auto made = database->execute(schema); !made) return made.error();
  if (*found == schema_version) return database;
  const auto stamp = fmt::format("PRAGMA user_version = {}", schema_version);
  if (auto stamped = database->execute(stamp.c_str()); !stamped) return stamped.error();
  return database;
}

// Without waiting for the disk, a power cut may leave this file damaged. Its children are gone
// then, too: begin again.
Result<sqlite::Database> open_children(const std::filesystem::path& file) {
  auto database = open_database(file, children_schema);
  if (database) return database;
  log("store").warn("{}: the list of running children was unreadable and is begun anew ({})",
                    file.string(), database.error().message);
  for (const auto* suffix : {"", "-wal", "-shm"}) {
    std::error_code ignored;  // what matters shows at the second try
    std::filesystem::remove(file.string() + suffix, ignored);
  }
  return open_database(file, children_schema);
}

Result<> make_directory(const std::filesystem::path& directory) {
  std::error_code failure;
  std::filesystem::create_directories(directory.parent_path(), failure);
  if (!failure && ::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    failure.assign(errno, std::generic_category());
  if (!failure && !std::filesystem::is_directory(directory, failure) && !failure)
    failure = std::make_error_code(std::errc::not_a_directory);
  if (!failure) return {};
  Error error = errno_error("cannot make the state directory", failure.value());
  error.where = directory.string();
  return error;
}

// Absolute and without a slash at the end, so that parent_path() is the parent.
std::filesystem::path normalized(const std::filesystem::path& directory) {
  auto path = std::filesystem::absolute(directory).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

}  // namespace

struct Store::Impl {
  std::filesystem::path file;  // of `durable`, for messages
  DirectoryLock lock;
  sqlite::Database durable;
  sqlite::Database children;
};

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& directory) {
  const std::filesystem::path memory = ":memory:";
  const bool in_memory = directory == memory;
  const auto place = in_memory ? memory : normalized(directory);
  DirectoryLock lock;
  if (!in_memory) {
    if (auto made = make_directory(place); !made) return made.error();
    auto taken = DirectoryLock::take(place / "lock");
    if (!taken) return taken.error();
    lock = std::move(*taken);
  }
  const auto file = in_memory ? memory : place / "state.db";
  auto durable = open_database(file, durable_schema);
  if (!durable) return durable.error();
  auto children = open_children(in_memory ? memory : place / "children.db");
  if (!children) return children.error();
  return std::unique_ptr<Store>(new Store(std::make_unique<Impl>(
      Impl{file, std::move(lock), std::move(*durable), std::move(*children)})));
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

Result<Uid> Store::self_uid() {
  auto select = impl_->durable.prepare("SELECT value FROM identity WHERE name = 'self'");
  if (!select) return select.error();
  auto row = select->step();
  if (!row) return row.error();
  if (*row) {
    const auto uid = Uid::parse(select->text(0));
    if (!uid) return damaged(impl_->file, "the uid of this peer is not a uid");
    return *uid;
  }
  auto uid = Uid::random();
  auto insert = impl_->durable.prepare("INSERT INTO identity VALUES ('self', ?)");
  if (!insert) return insert.error();
  if (auto done = insert->bind(uid.str()).run(); !done) return done.error();
  return uid;
}

Result<std::vector<StoredItem>> Store::load(StoredKind kind) {
  auto select =
      impl_->durable.prepare("SELECT uid, version, body FROM item WHERE kind = ? ORDER BY uid");
  if (!select) return select.error();
  select->bind(kind_name(kind));
  std::vector<StoredItem> items;
  for (;;) {
    auto row = select->step();
    if (!row) return row.error();
    if (!*row) return items;
    const auto uid = Uid::parse(select->text(0));
    boost::system::error_code failure;
    auto body = boost::json::parse(select->text(2), failure);
    if (!uid || failure || !body.is_object())
      return damaged(impl_->file,
                     fmt::format("{} '{}' cannot be read", kind_name(kind), select->text(0)));
    items.push_back(
        {*uid, static_cast<std::uint64_t>(select->number(1)), std::move(body.as_object())});
  }
}

Result<> Store::put(StoredKind kind, const StoredItem& item) {
  auto insert = impl_->durable.prepare("INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?)");
  if (!insert) return insert.error();
  return insert->bind(kind_name(kind))
      .bind(item.uid.str())
      .bind(static_cast<std::int64_t>(item.version))
      .bind(boost::json::serialize(item.body))
      .run();
}

Result<> Store::remove(StoredKind kind, const Uid& uid) {
  auto statement = impl_->durable.prepare("DELETE FROM item WHERE kind = ? AND uid = ?");
  if (!statement) return statement.error();
  return statement->bind(kind_name(kind)).bind(uid.str()).run();
}

Result<std::vector<StoredChild>> Store::load_children() {
  auto select = impl_->children.prepare("SELECT stream, pid, start_ticks, boot_id FROM child");
  if (!select) return select.error();
  std::vector<StoredChild> children;
  for (;;) {
    auto row = select->step();
    if (!row) return row.error();
    if (!*row) return children;
    const auto uid = Uid::parse(select->text(0));
    if (!uid) continue;  // not ours, and not worth refusing to start
    children.push_back(
        {*uid,
         {static_cast<int>(select->number(1)), static_cast<std::uint64_t>(select->number(2))},
         select->text(3)});
  }
}

Result<> Store::put_child(const StoredChild& child) {
  auto insert = impl_->children.prepare("INSERT OR REPLACE INTO child VALUES (?, ?, ?, ?)");
  if (!insert) return insert.error();
  return insert->bind(child.stream.str())
      .bind(std::int64_t{child.identity.pid})
      .bind(static_cast<std::int64_t>(child.identity.start_ticks))
      .bind(child.boot_id)
      .run();
}

Result<> Store::remove_child(const Uid& stream) {
  auto statement = impl_->children.prepare("DELETE FROM child WHERE stream = ?");
  if (!statement) return statement.error();
  return statement->bind(stream.str()).run();
}

}  // namespace rocd
