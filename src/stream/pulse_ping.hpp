// Whether a Pulse server (pipewire-pulse) is there and answers at all: says hello to it and waits.
// One that is frozen still takes connections, the kernel does that for it. Decides nothing.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <string>

#include "aio/machine_timer.hpp"

namespace rocd {

enum class PulseServer { answers, silent, absent };

class PulsePing {
 public:
  // on_answer: called once with `answers` for each question, from the reactor, never from within
  // ask(). Before that, when that changes, with `silent`, if it takes longer than `patience`, and
  // with `absent`, if nobody listens at a socket where somebody has answered before. A socket where
  // nobody ever was is perhaps not the one that clients use: `answers`, as for a server that hangs
  // up. While this process has no descriptor to ask with, nothing.
  PulsePing(const boost::asio::any_io_executor& executor,
            std::function<void(PulseServer)> on_answer);

  // socket: its path; empty: nobody is asked, and the answer is `answers`. No effect while it
  // waits.
  void ask(const std::string& socket);
  void stop();  // forgets the question

 private:
  void connect();
  void greet();
  void listen();
  void finish();
  void on_timeout();
  void tell(PulseServer state);
  void post(std::function<void()> handler);

  boost::asio::local::stream_protocol::socket socket_;
  std::function<void(PulseServer)> on_answer_;
  MachineTimer timer_;
  std::string path_;
  std::string known_path_;                   // where somebody has answered
  PulseServer told_ = PulseServer::answers;  // of this question
  bool absent_ = false;
  bool cannot_ask_ = false;  // no descriptor is left
  char answer_ = 0;
  std::shared_ptr<int> asking_;  // handlers hold it weakly; a new one for each question
};

}  // namespace rocd
