// The state directory and its files, before SQLite sees them: for this user alone, one rocd at a
// time, and on disk also as names. Does not decide what is in the files.
#pragma once

#include <filesystem>
#include <utility>

#include "base/result.hpp"

namespace rocd {

// Held from open() to the end of the object or the process, however that ends.
class StateDirectory {
 public:
  StateDirectory() = default;  // none
  StateDirectory(StateDirectory&& other) noexcept
      : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}
  StateDirectory& operator=(StateDirectory&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(lock_, other.lock_);
    return *this;
  }
  ~StateDirectory();

  // Makes what is missing (0700), and locks it (flock). Errors: io; conflict, with the pid of the
  // rocd that holds it.
  [[nodiscard]] static Result<StateDirectory> open(const std::filesystem::path& directory);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit StateDirectory(std::filesystem::path path) : path_(std::move(path)) {}
  [[nodiscard]] Result<> take_lock();

  std::filesystem::path path_;
  int lock_ = -1;
};

// An empty file if there is none: 0600 from the first moment, whatever the umask, and on disk as a
// name. One that is there must be a regular file that can be read and written; it stays as it is.
[[nodiscard]] Result<> make_private_file(const std::filesystem::path& file);

// Gives the file, and those that SQLite has beside it, mode 0600. Logs what does not work.
void make_private(const std::filesystem::path& file);

// The names in it are on disk afterwards (fsync).
[[nodiscard]] Result<> sync_directory(const std::filesystem::path& directory);

}  // namespace rocd
