#include "store/state_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include "base/descriptor.hpp"
#include "base/log.hpp"

namespace rocd {
namespace {

using namespace std::chrono_literals;

constexpr mode_t private_directory = 0700;
constexpr mode_t private_file_mode = 0600;
constexpr mode_t writable_by_others = S_IWGRP | S_IWOTH;

// How long a rocd that was just killed may need to be gone.
constexpr auto lock_patience = 1000ms;
constexpr auto lock_interval = 20ms;

Error directory_error(const std::filesystem::path& directory, int error_number) {
  auto error = errno_error("cannot make the state directory", error_number);
  error.where = directory.string();
  error.hint = "use another --state-dir";
  return error;
}

Error file_error(const std::filesystem::path& file, int error_number) {
  auto error = errno_error("cannot open the stored state", error_number);
  error.where = file.string();
  error.hint = "rocd must be able to read and write it; or use another --state-dir";
  return error;
}

// One component at a time, because each name must be on disk.
Result<> make_directories(const std::filesystem::path& directory) {
  struct stat found{};
  if (::stat(directory.c_str(), &found) == 0)
    return S_ISDIR(found.st_mode) ? Result<>() : directory_error(directory, ENOTDIR);
  if (errno != ENOENT) return directory_error(directory, errno);
  const auto parent = directory.parent_path();
  if (auto made = make_directories(parent); !made) return made;
  if (::mkdir(directory.c_str(), private_directory) != 0)
    return errno == EEXIST ? make_directories(directory) : directory_error(directory, errno);
  // The umask may have taken even our own permissions.
  if (::chmod(directory.c_str(), private_directory) != 0) return directory_error(directory, errno);
  return sync_directory(parent);
}

// Whoever may write to it may replace the files, and so decide what rocd runs with.
void warn_of_others(const std::filesystem::path& directory) {
  struct stat found{};
  if (::stat(directory.c_str(), &found) != 0) return;  // shows at the lock
  if ((found.st_mode & writable_by_others) != 0)
    log("store").warn("other users can write to the state directory {}: chmod 700 it",
                      directory.string());
  if (found.st_uid != ::geteuid() && found.st_uid != 0)
    log("store").warn("the state directory {} belongs to another user (uid {})", directory.string(),
                      found.st_uid);
}

// Absolute and without a slash at the end, so that parent_path() is the parent.
std::filesystem::path normalized(const std::filesystem::path& directory) {
  auto path = std::filesystem::absolute(directory).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

Error held_by_another(const std::filesystem::path& directory, int lock) {
  std::array<char, 16> pid{};
  const bool known = ::pread(lock, pid.data(), pid.size() - 1, 0) > 0;
  return Error{ErrorCode::conflict,
               fmt::format("another rocd{} uses this state directory",
                           known ? fmt::format(" (pid {})", pid.data()) : ""),
               directory.string(),
               "give this one its own with --state-dir",
               {}};
}

}  // namespace

StateDirectory::~StateDirectory() {
  if (lock_ >= 0) ::close(lock_);
}

Result<StateDirectory> StateDirectory::open(const std::filesystem::path& directory) {
  StateDirectory state(normalized(directory));
  if (auto made = make_directories(state.path_); !made) return made.error();
  warn_of_others(state.path_);
  if (auto locked = state.take_lock(); !locked) return locked.error();
  return state;
}

Result<> StateDirectory::take_lock() {
  const auto file = path_ / "lock";
  if (auto made = make_private_file(file); !made) return made;
  make_private(file);
  Descriptor lock(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (lock.get() < 0) return file_error(file, errno);
  const auto end = std::chrono::steady_clock::now() + lock_patience;
  while (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return errno_error(fmt::format("lock '{}'", file.string()), errno);
    if (std::chrono::steady_clock::now() >= end) return held_by_another(path_, lock.get());
    std::this_thread::sleep_for(lock_interval);
  }
  const auto pid = std::to_string(::getpid());  // for the message of the next one
  if (::ftruncate(lock.get(), 0) != 0 ||
      ::pwrite(lock.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return errno_error(fmt::format("write '{}'", file.string()), errno);
  lock_ = lock.release();
  return {};
}

Result<> make_private_file(const std::filesystem::path& file) {
  const Descriptor made(
      ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, private_file_mode));
  if (made.get() >= 0) {
    // The umask may have taken even our own permissions.
    if (::fchmod(made.get(), private_file_mode) != 0) return file_error(file, errno);
    return sync_directory(file.parent_path());
  }
  const Descriptor there(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  struct stat found{};
  if (there.get() < 0 || ::fstat(there.get(), &found) != 0) return file_error(file, errno);
  if (S_ISREG(found.st_mode)) return {};
  auto error = file_error(file, EINVAL);
  error.message = "cannot open the stored state: it is not a regular file";
  return error;
}

void make_private(const std::filesystem::path& file) {
  for (const auto* suffix : {"", "-wal", "-shm", "-journal"}) {
    const auto name = file.string() + suffix;
    struct stat found{};
    if (::stat(name.c_str(), &found) != 0 || (found.st_mode & 07777) == private_file_mode) continue;
    if (::chmod(name.c_str(), private_file_mode) != 0)
      log("store").warn("{} has mode {:o} instead of 600: {}", name, found.st_mode & 07777,
                        errno_error("chmod", errno).message);
  }
}

Result<> sync_directory(const std::filesystem::path& directory) {
  const Descriptor descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.get() >= 0 && ::fsync(descriptor.get()) == 0) return {};
  if (errno == EACCES || errno == EINVAL) return {};  // may be entered only; cannot be synced
  auto error = errno_error("cannot sync the directory", errno);
  error.where = directory.string();
  return error;
}

}  // namespace rocd
