#include "store/store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/log.hpp"
#include "model/json_text.hpp"
#include "store/sqlite.hpp"
#include "store/state_directory.hpp"
#include "store/state_file.hpp"

namespace rocd {
namespace {

constexpr std::array kinds{StoredKind::endpoint,          StoredKind::stream,
                           StoredKind::endpoint_override, StoredKind::stream_override,
                           StoredKind::system_override,   StoredKind::peer,
                           StoredKind::stream_address};

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
    case StoredKind::system_override:
      return "system_override";
    case StoredKind::peer:
      return "peer";
    case StoredKind::stream_address:
      return "stream_address";
  }
  return "";
}

// Of a key that nobody has checked, for logs and JSON.
std::string printable(std::string_view key) {
  constexpr std::size_t enough = 64;
  std::string text(key.substr(0, enough));
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

Error damaged(const std::filesystem::path& file, std::string_view what) {
  return {ErrorCode::io,
          fmt::format("the stored state is damaged: {}", what),
          file.string(),
          std::string(sqlite::damaged_hint),
          {}};
}

}  // namespace

struct Store::Impl {
  std::filesystem::path file;  // of `durable`, for messages
  StateDirectory directory;
  sqlite::Database durable;
  sqlite::Database children;
  std::vector<UnreadableItem> unreadable = {};
  bool last_write_failed = false;
  std::function<void()> on_change = {};

  [[nodiscard]] Result<> put(StoredKind kind, const StoredItem& item);
  [[nodiscard]] Result<> remove(StoredKind kind, const Uid& uid);
  [[nodiscard]] Result<> write_again();
  // Remembers how it went.
  [[nodiscard]] Result<> noted(Result<> written);

  void set_aside(std::string_view kind, std::string_view uid, const std::string& reason);
  [[nodiscard]] Result<> set_aside_unknown_kinds();
  void forget_unreadable(StoredKind kind, std::string_view uid) {
    std::erase_if(unreadable, [&](const UnreadableItem& item) {
      return item.kind == kind_name(kind) && item.uid == uid;
    });
  }
};

Result<> Store::Impl::put(StoredKind kind, const StoredItem& item) {
  auto insert = durable.prepare("INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?)");
  if (!insert) return insert.error();
  return insert->bind(kind_name(kind))
      .bind(item.uid.str())
      .bind(static_cast<std::int64_t>(item.version))
      .bind(boost::json::serialize(item.body))
      .run();
}

Result<> Store::Impl::remove(StoredKind kind, const Uid& uid) {
  auto statement = durable.prepare("DELETE FROM item WHERE kind = ? AND uid = ?");
  if (!statement) return statement.error();
  return statement->bind(kind_name(kind)).bind(uid.str()).run();
}

// Something that was not there before: SQLite does not write what has not changed.
Result<> Store::Impl::write_again() {
  auto insert = durable.prepare("INSERT OR REPLACE INTO identity VALUES ('last_trial', ?)");
  if (!insert) return insert.error();
  return insert->bind(Uid::random().str()).run();
}

// A lock of another program says nothing of the disk.
Result<> Store::Impl::noted(Result<> written) {
  if (!written && written.error().code == ErrorCode::unavailable) return written;
  const bool failed = !written;
  if (last_write_failed == failed) return written;
  last_write_failed = failed;
  if (!failed)
    log("store").info("the state can be written again");
  else
    log("store").error("the state cannot be written: {}", to_string(written.error()));
  if (on_change) on_change();
  return written;
}

void Store::Impl::set_aside(std::string_view kind, std::string_view uid,
                            const std::string& reason) {
  const auto kind_text = printable(kind);
  const auto name = printable(uid);
  log("store").error("the stored {} '{}' cannot be read, is left out, and stays in {}: {}",
                     kind_text, name, file.string(), reason);
  std::erase_if(unreadable, [&](const UnreadableItem& item) {
    return item.kind == kind_text && item.uid == name;
  });
  unreadable.push_back({kind_text, name, reason});
}

// Nobody asks for them.
Result<> Store::Impl::set_aside_unknown_kinds() {
  auto select = durable.prepare("SELECT kind, uid FROM item ORDER BY kind, uid");
  if (!select) return select.error();
  for (;;) {
    auto row = select->step();
    if (!row) return row.error();
    if (!*row) return {};
    const std::string kind(select->text(0));
    const bool known =
        std::ranges::any_of(kinds, [&](StoredKind each) { return kind == kind_name(each); });
    if (!known) set_aside(kind, select->text(1), "this version of rocd does not know its kind");
  }
}

Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& directory) {
  const std::filesystem::path memory = ":memory:";
  const bool in_memory = directory == memory;
  StateDirectory place;
  if (!in_memory) {
    auto opened = StateDirectory::open(directory);
    if (!opened) return opened.error();
    place = std::move(*opened);
  }
  const auto file = in_memory ? memory : place.path() / "state.db";
  auto durable = open_state_file(file);
  if (!durable) return durable.error();
  auto children = open_children_file(in_memory ? memory : place.path() / "children.db");
  if (!children) return children.error();
  auto impl = std::make_unique<Impl>(
      Impl{file, std::move(place), std::move(*durable), std::move(*children)});
  if (auto looked = impl->set_aside_unknown_kinds(); !looked) return looked.error();
  return std::unique_ptr<Store>(new Store(std::move(impl)));
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
    const auto version = select->number(1);
    boost::system::error_code failure;
    auto body = boost::json::parse(select->text(2), failure, {}, exact_numbers);
    if (!uid || version < 1 || failure || !body.is_object()) {
      set_aside(kind, select->text(0),
                !uid          ? "its uid is none"
                : version < 1 ? "its version is none"
                              : "it is no JSON object");
      continue;
    }
    items.push_back({*uid, static_cast<std::uint64_t>(version), std::move(body.as_object())});
  }
}

void Store::set_aside(StoredKind kind, std::string_view uid, const std::string& reason) {
  impl_->set_aside(kind_name(kind), uid, reason);
}

const std::vector<UnreadableItem>& Store::unreadable() const {
  return impl_->unreadable;
}

Result<> Store::check_writable() {
  if (!impl_->last_write_failed) return {};
  return impl_->noted(impl_->write_again());
}

void Store::set_on_change(std::function<void()> listener) {
  impl_->on_change = std::move(listener);
}

Result<> Store::put(StoredKind kind, const StoredItem& item) {
  if (auto done = impl_->noted(impl_->put(kind, item)); !done) return done;
  impl_->forget_unreadable(kind, item.uid.str());
  return {};
}

Result<> Store::remove(StoredKind kind, const Uid& uid) {
  if (auto done = impl_->noted(impl_->remove(kind, uid)); !done) return done;
  impl_->forget_unreadable(kind, uid.str());
  return {};
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
