// Whether a Pulse server (pipewire-pulse) answers at all: says hello to it and waits. One that is
// frozen still takes connections, the kernel does that for it. Decides nothing.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <string>

#include "aio/machine_timer.hpp"

namespace rocd {

class PulsePing {
 public:
  // on_answer: called once with true for each question, from the reactor, never from within ask();
  // and with false before that, if it takes longer than `patience`. A server that is not there, or
  // that hangs up, hides nothing: true. While this process has no descriptor to ask with, nothing.
  PulsePing(const boost::asio::any_io_executor& executor, std::function<void(bool)> on_answer);

  // socket: its path; empty: nobody is asked, and the answer is true. No effect while it waits.
  void ask(const std::string& socket);
  void stop();  // forgets the question

 private:
  void connect();
  void greet();
  void listen();
  void finish();
  void on_timeout();

  boost::asio::local::stream_protocol::socket socket_;
  std::function<void(bool)> on_answer_;
  MachineTimer timer_;
  std::string path_;
  bool late_ = false;
  bool cannot_ask_ = false;  // no descriptor is left
  char answer_ = 0;
  std::shared_ptr<int> asking_;  // handlers hold it weakly; a new one for each question
};

}  // namespace rocd
