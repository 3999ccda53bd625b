// Stands in for roc-send and roc-recv where only the daemon is measured: answers the questions that
// rocd asks a tool. Streams are not started: there is no PipeWire.
#include <unistd.h>

#include <cstdio>
#include <cstring>

int main(int argc, char** argv) {
  const char* slash = std::strrchr(argv[0], '/');
  const char* name = slash == nullptr ? argv[0] : slash + 1;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--version") == 0) {
      std::printf("%s 0.4.0\n", name);
      return 0;
    }
    if (std::strcmp(argv[i], "--list-supported") == 0) {
      std::puts("  rtp://  rtp+rs8m://  rs8m://  rtp+ldpc://  ldpc://  rtcp://  pulse://  file://");
      return 0;
    }
    if (std::strncmp(argv[i], "file:", 5) == 0) return 1;  // a trial of FEC: not in this build
  }
  for (;;) ::pause();
}
