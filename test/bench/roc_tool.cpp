// Stands in for roc-send and roc-recv where only the daemon is measured: answers the questions that
// rocd asks a tool, and as a stream only sleeps. rocd ends it when it has not become ready in time
// (20 s). With a file "talkative" beside it, a stream first prints as much as a real tool does in
// some ten minutes: enough to fill what rocd keeps of it.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

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
  const auto directory = std::string(argv[0], static_cast<std::size_t>(name - argv[0]));
  if (::access((directory + "talkative").c_str(), F_OK) == 0)
    for (int line = 0; line < 1000; ++line)
      std::fprintf(stderr,
                   "12:00:00.%03d [4711] [dbg] roc_audio: [latency_tuner.cpp:421] latency tuner: "
                   "e2e_latency=9776(203.667ms) niq_latency=8270(172.292ms) stale=0\n",
                   line);
  for (;;) ::pause();
}
