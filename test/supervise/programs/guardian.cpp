// A parent for tests: supervises children until it is killed.
//   rocd_test_guardian COUNT PROGRAM [ARGUMENT…]
// Restarts them after a millisecond whatever they do: with a child that exits at once, it is
// spawning nearly all the time. Says "running" when each has been spawned once.
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <string>

#include "supervise/process_spawner.hpp"
#include "supervise/supervisor.hpp"

namespace {

class NoRegistry final : public rocd::ChildRegistry {
 public:
  void add(const rocd::Uid&, const rocd::ProcessIdentity&) override {}
  void remove(const rocd::Uid&) override {}
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  boost::asio::io_context io{1};
  rocd::ProcessSpawner spawner(io.get_executor());
  NoRegistry registry;
  rocd::Supervisor supervisor(io.get_executor(), spawner, registry, 1);

  rocd::ChildSpec spec;
  spec.request.argv.assign(argv + 2, argv + argc);
  spec.policy.ready_timeout = rocd::Duration::zero();
  spec.policy.backoff.initial = std::chrono::milliseconds(1);
  spec.policy.backoff.cap = std::chrono::milliseconds(1);
  for (int i = 0; i < std::atoi(argv[1]); ++i)
    supervisor.ensure(rocd::Uid::derive("test", "child", std::to_string(i)), spec);
  const std::string said = "running\n";
  if (::write(1, said.data(), said.size()) < 0) return 1;
  io.run();
}
