#include "support/spin.hpp"

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace rocd::test {
namespace {

#if defined(__x86_64__)
using Registers = user_regs_struct;
constexpr long jump_to_itself = 0xfeeb;
constexpr long jump_mask = 0xffff;
void go_to(Registers& registers, unsigned long long address) {
  registers.orig_rax = ~0ULL;  // a system call that was interrupted is not made again
  registers.rip = address;
}
#elif defined(__aarch64__)
using Registers = user_regs_struct;
constexpr long jump_to_itself = 0x14000000;
constexpr long jump_mask = 0xffffffff;
void go_to(Registers& registers, unsigned long long address) {
  registers.regs[0] = 0;
  registers.pc = address;
}
#else
#error "test/support/spin.cpp: which instruction jumps to itself?"
#endif

void check(long result, const char* what) {
  if (result == -1) throw std::system_error(errno, std::generic_category(), what);
}

// Where it began (AT_ENTRY, getauxval(3)): no thread comes there again.
unsigned long long entry_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/auxv", std::ios::binary);
  for (std::array<unsigned long, 2> pair{};
       file.read(reinterpret_cast<char*>(pair.data()), sizeof pair);)
    if (pair[0] == AT_ENTRY) return pair[1];
  throw std::runtime_error("no entry point of process " + std::to_string(pid));
}

}  // namespace

void make_it_spin(int pid) {
  check(::ptrace(PTRACE_ATTACH, pid, nullptr, nullptr), "attach");
  int status = 0;
  check(::waitpid(pid, &status, __WALL), "waitpid");
  Registers registers{};
  iovec area{&registers, sizeof registers};
  auto* const general = reinterpret_cast<void*>(NT_PRSTATUS);
  check(::ptrace(PTRACE_GETREGSET, pid, general, &area), "read registers");
  const auto entry = entry_of(pid);
  go_to(registers, entry);
  auto* const at = reinterpret_cast<void*>(entry);
  errno = 0;
  const long text = ::ptrace(PTRACE_PEEKTEXT, pid, at, nullptr);
  if (errno != 0) throw std::system_error(errno, std::generic_category(), "read code");
  const long changed = (text & ~jump_mask) | jump_to_itself;
  check(::ptrace(PTRACE_POKETEXT, pid, at, reinterpret_cast<void*>(changed)), "write code");
  check(::ptrace(PTRACE_SETREGSET, pid, general, &area), "write registers");
  check(::ptrace(PTRACE_DETACH, pid, nullptr, nullptr), "detach");
}

}  // namespace rocd::test
