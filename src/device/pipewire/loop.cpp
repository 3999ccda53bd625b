#include "device/pipewire/loop.hpp"

#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace rocd::pw {
namespace {

// Once per process, and never undone: pw_deinit() would unload code that others may use.
void initialise() {
  static const bool done = [] {
    ::pw_init(nullptr, nullptr);
    // What matters of it is reported by us, in our format.
    if (std::getenv("PIPEWIRE_DEBUG") == nullptr) ::pw_log_set_level(SPA_LOG_LEVEL_NONE);
    return true;
  }();
  (void)done;
}

}  // namespace

Loop::Loop(const boost::asio::any_io_executor& executor, std::function<void()> after_turn)
    : descriptor_(executor), after_turn_(std::move(after_turn)) {
  initialise();
  loop_.reset(::pw_loop_new(nullptr));
  if (!loop_) throw std::system_error(errno, std::generic_category(), "pw_loop_new");
  ::pw_loop_enter(loop_.get());
  descriptor_.assign(::pw_loop_get_fd(loop_.get()));
  watch();
}

Loop::~Loop() {
  descriptor_.release();  // PipeWire closes it
  ::pw_loop_leave(loop_.get());
}

void Loop::watch() {
  descriptor_.async_wait(
      boost::asio::posix::descriptor_base::wait_read,
      [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
        if (error || alive.expired()) return;
        ::pw_loop_iterate(loop_.get(), 0);
        after_turn_();
        if (!alive.expired()) watch();
      });
}

void Loop::wake() {
  if (std::exchange(waking_, true)) return;
  boost::asio::post(descriptor_.get_executor(), [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    waking_ = false;
    after_turn_();
  });
}

}  // namespace rocd::pw
