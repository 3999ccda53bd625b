// What the house asks of the kernel: namespaces, the network interface.
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <system_error>

#include "base/descriptor.hpp"
#include "faults/house.hpp"

namespace rocd::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace

void enter_namespaces() {
  const auto user = ::geteuid();
  const auto group = ::getegid();
  const int own_user = user == 0 ? 0 : CLONE_NEWUSER;
  if (::unshare(own_user | CLONE_NEWNET | CLONE_NEWNS) != 0) fail("cannot make namespaces");
  if (own_user != 0) {
    std::ofstream("/proc/self/setgroups") << "deny";
    std::ofstream("/proc/self/uid_map") << "0 " << user << " 1";
    std::ofstream("/proc/self/gid_map") << "0 " << group << " 1";
  }
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    fail("cannot keep mounts to itself");
  // What is left there when a process is killed goes with the namespace.
  if (::mount("none", "/dev/shm", "tmpfs", 0, "size=64m") != 0) fail("mount /dev/shm");
  set_interface(true);
}

void set_interface(bool up) {
  const Descriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  if (::ioctl(any.get(), SIOCGIFFLAGS, &request) != 0) fail("flags of lo");
  const int flags = up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP;
  request.ifr_flags = static_cast<short>(flags);
  if (::ioctl(any.get(), SIOCSIFFLAGS, &request) != 0) fail("cannot switch lo");
}

}  // namespace rocd::test
