// What is in state.db, version by version: pure data. Whoever changes the schema adds one step at
// the end and never touches an older one, because files of every version are out there.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace rocd {

// SQL without BEGIN and COMMIT: a file is brought to the newest version in one transaction.
struct Migration {
  std::string_view sql;
};

// The n-th step makes schema n + 1 of schema n; `user_version` of the file says where it is.
[[nodiscard]] std::span<const Migration> migrations();

// "rocd", as PRAGMA application_id: other programs' files are not taken for ours. Since schema 2.
inline constexpr std::int64_t state_application_id = 0x726f6364;

// The whole of children.db, which outlives no reboot: a file of another version is begun anew.
inline constexpr std::int64_t children_version = 1;
inline constexpr std::string_view children_schema = R"(
  CREATE TABLE IF NOT EXISTS child (
    stream TEXT PRIMARY KEY NOT NULL, pid INTEGER NOT NULL, start_ticks INTEGER NOT NULL,
    boot_id TEXT NOT NULL) WITHOUT ROWID;
)";

}  // namespace rocd
