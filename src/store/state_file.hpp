// Opens the two files of the state directory: refuses what is damaged, newer or another program's
// without changing a byte of it, and brings what is older to this version, keeping a copy.
#pragma once

#include <filesystem>
#include <span>

#include "base/result.hpp"
#include "store/schema.hpp"
#include "store/sqlite.hpp"

namespace rocd {

// state.db: every write that returned is on disk. The copy of an older one is "<file>.v<version>".
// Errors: io; unavailable if another program holds a lock.
[[nodiscard]] Result<sqlite::Database> open_state_file(
    const std::filesystem::path& file, std::span<const Migration> steps = migrations());

// children.db: nothing waits for the disk. One that cannot be read is begun anew (logged).
[[nodiscard]] Result<sqlite::Database> open_children_file(const std::filesystem::path& file);

}  // namespace rocd
