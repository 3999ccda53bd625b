// Whether a write-ahead log can be SQLite's own (sqlite.org/fileformat2.html, 4.1). SQLite takes a
// damaged one for an empty one, and so silently loses every write that only it has. (pure)
#pragma once

#include <cstddef>
#include <string_view>

namespace rocd {

inline constexpr std::size_t wal_header_size = 32;

// `start`: the first 32 bytes, or all of a shorter file. Shorter ones and zeros are fine: so a
// power cut may leave a log before its first write was on disk.
[[nodiscard]] bool is_wal_start(std::string_view start);

}  // namespace rocd
