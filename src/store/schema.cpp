#include "store/schema.hpp"

#include <array>

namespace rocd {

std::span<const Migration> migrations() {
  static constexpr std::array steps{
      // IF NOT EXISTS: the first rocd did not make them in one transaction, nor with the version.
      Migration{R"(
        CREATE TABLE IF NOT EXISTS identity (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL);
        CREATE TABLE IF NOT EXISTS item (
          kind TEXT NOT NULL, uid TEXT NOT NULL, version INTEGER NOT NULL, body TEXT NOT NULL,
          PRIMARY KEY (kind, uid)) WITHOUT ROWID;
      )"},
      Migration{"PRAGMA application_id = 0x726f6364;"},
  };
  return steps;
}

}  // namespace rocd
