// Makes another process do what a bug in it might: use a whole processor and do nothing.
#pragma once

namespace rocd::test {

// Its main thread runs `jmp .` from here on; signals still end it. Throws if ptrace(2) may not, or
// does not know this processor.
void make_it_spin(int pid);

}  // namespace rocd::test
