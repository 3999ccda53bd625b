// rocd: reads the command line and the configuration, runs the daemon, gives the exit code.
#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "app/daemon.hpp"
#include "app/options.hpp"
#include "app/process_setup.hpp"
#include "base/log.hpp"
#include "base/nonblocking_writer.hpp"
#include "base/write_all.hpp"
#include "config/settings.hpp"

namespace {

constexpr int ok = 0;
constexpr int failed = 1;
constexpr int usage = 2;

const char* environment(const char* name) {
  return std::getenv(name);
}

// Even if nobody reads it, this process ends.
int fail(const std::string& reason, int code) {
  rocd::NonblockingWriter(STDERR_FILENO)
      .write(fmt::format("{}rocd: {}\n", rocd::journal_prefix(spdlog::level::err), reason));
  return code;
}

int fail(const rocd::Error& error, int code) {
  return fail(rocd::to_string(error), code);
}

// What was asked for; a script must not take a full disk for a success.
int answer(const std::string& text) {
  const auto written = rocd::write_all(STDOUT_FILENO, text, "cannot write the output");
  return written ? ok : fail(written.error(), failed);
}

int report(const rocd::ConfigResult& loaded) {
  for (const auto& error : loaded.errors)
    std::cerr << rocd::journal_prefix(spdlog::level::err) << error.location << ": " << error.reason
              << '\n';
  return usage;
}

std::vector<std::string> variables() {
  std::vector<std::string> all;
  for (char** each = ::environ; *each != nullptr; ++each) all.emplace_back(*each);
  return all;
}

std::string counted(std::size_t number, std::string_view what) {
  return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

int run(const rocd::Options& options) {
  const auto starter = rocd::find_starter(options.ready_fd, options.exit_with_parent);
  if (!starter)
    return fail(starter.error(),
                starter.error().code == rocd::ErrorCode::invalid_argument ? usage : failed);
  const auto file = rocd::find_config_file(options, environment);
  auto loaded = rocd::load_configuration(file, options, environment);
  const auto warnings = rocd::unknown_variables(variables());
  if (options.check || !loaded.errors.empty())
    for (const auto& warning : warnings)
      std::cerr << rocd::journal_prefix(spdlog::level::warn) << "rocd: " << warning << '\n';
  if (!loaded.errors.empty()) return report(loaded);
  if (options.check)
    return answer(fmt::format("{}: {}, {}, no mistakes\n",
                              file ? file->string() : "built-in defaults",
                              counted(loaded.config.endpoints.size(), "endpoint"),
                              counted(loaded.config.streams.size(), "stream")));

  rocd::configure_log(loaded.config.log);
  if (const auto prepared = rocd::prepare_process(); !prepared)
    return fail(prepared.error(), failed);
  for (const auto& warning : warnings) rocd::log("config").warn("{}", warning);

  boost::asio::io_context io(1);  // one thread: Asio may leave out its locks
  rocd::Reloader::Load load;
  if (file) load = [&] { return rocd::load_configuration(file, options, environment); };
  auto daemon = rocd::Daemon::create(io, std::move(loaded.config), load, *starter);
  if (!daemon) return fail(daemon.error(), failed);
  return (*daemon)->run() ? ok : failed;
}

}  // namespace

int main(int argc, char** argv) {
  rocd::reserve_standard_descriptors();
  try {
    const auto parsed = rocd::parse_options(argc, argv);
    if (const auto* exit = std::get_if<rocd::EarlyExit>(&parsed)) {
      if (exit->code == ok) return answer(exit->text);
      std::cerr << exit->text;
      return exit->code;
    }
    return run(std::get<rocd::Options>(parsed));
  } catch (const std::exception& error) {
    return fail(error.what(), failed);
  }
}
