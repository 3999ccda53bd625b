// rocd's supervisor without the rest of rocd, for scripts/bench.sh.
//   rocd_bench_supervisor COUNT PROGRAM [ARGUMENT…]
// Keeps COUNT children until SIGTERM. A child is ready when it prints "up", and stable after a
// second.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <string>

#include "base/log.hpp"
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
  using namespace std::chrono_literals;
  if (argc < 3) return 2;
  rocd::configure_log({.level = spdlog::level::err});
  boost::asio::io_context io{1};
  rocd::ProcessSpawner spawner(io.get_executor());
  NoRegistry registry;
  rocd::Supervisor supervisor(io.get_executor(), spawner, registry, 1);
  supervisor.set_callbacks(
      {nullptr, [&](const rocd::Uid& child, std::uint64_t generation, const rocd::LogLine& line) {
         if (line.text == "up") supervisor.ready(child, generation);
       }});

  rocd::ChildSpec spec;
  spec.request.argv.assign(argv + 2, argv + argc);
  spec.policy.ready_timeout = 0s;
  spec.policy.stable_after = 1s;
  for (int i = 0; i < std::atoi(argv[1]); ++i)
    supervisor.ensure(rocd::Uid::derive("bench", "child", std::to_string(i)), spec);

  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](boost::system::error_code, int) {
    boost::asio::co_spawn(io, supervisor.shutdown(), [&](const std::exception_ptr&) { io.stop(); });
  });
  io.run();
}
