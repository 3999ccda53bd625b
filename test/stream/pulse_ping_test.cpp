#include "stream/pulse_ping.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <optional>
#include <vector>

#include "support/temp_directory.hpp"

using namespace rocd;
using namespace rocd::test;
using Unix = boost::asio::local::stream_protocol;

namespace {

struct Asked {
  bool until(const std::function<bool()>& condition, Duration limit = 10s) {
    const auto end = Now::read().mono + limit;
    while (!condition() && Now::read().mono < end) {
      io.restart();
      io.run_one_for(std::chrono::milliseconds(20));
    }
    return condition();
  }

  TempDirectory directory;
  std::string path = (directory.path() / "native").string();
  boost::asio::io_context io;
  std::vector<PulseServer> answers;
  PulsePing ping{io.get_executor(), [this](PulseServer answer) { answers.push_back(answer); }};
};

}  // namespace

TEST_CASE("pulse ping: a server that says anything answers") {
  Asked asked;
  Unix::acceptor server(asked.io, Unix::endpoint(asked.path));
  asked.ping.ask(asked.path);
  auto client = server.accept();
  std::vector<unsigned char> greeting(20);
  bool greeted = false;
  boost::asio::async_read(client, boost::asio::buffer(greeting),
                          [&](const auto& error, std::size_t) { greeted = !error; });
  REQUIRE(asked.until([&] { return greeted; }));
  CHECK(greeting[3] == 276 - 256);  // the low byte of the length of what follows, without carry
  CHECK(greeting[4] == 0xff);
  CHECK(asked.answers.empty());
  boost::asio::write(client, boost::asio::buffer("x", 1));
  REQUIRE(asked.until([&] { return !asked.answers.empty(); }));
  CHECK(asked.answers == std::vector{PulseServer::answers});
}

TEST_CASE("pulse ping: a frozen server is told of once, and then that it goes on") {
  Asked asked;
  Unix::acceptor server(asked.io, Unix::endpoint(asked.path));
  asked.ping.ask(asked.path);
  asked.ping.ask(asked.path);  // no second question
  REQUIRE(asked.until([&] { return !asked.answers.empty(); }));
  CHECK(asked.answers == std::vector{PulseServer::silent});
  auto client = server.accept();
  boost::asio::write(client, boost::asio::buffer("x", 1));
  REQUIRE(asked.until([&] { return asked.answers.size() > 1; }));
  CHECK(asked.answers == std::vector{PulseServer::silent, PulseServer::answers});
  // And may be asked again.
  asked.ping.ask(asked.path);
  auto next = server.accept();
  boost::asio::write(next, boost::asio::buffer("x", 1));
  CHECK(asked.until([&] { return asked.answers.size() == 3; }));
}

TEST_CASE("pulse ping: a server whose queue is full is frozen, and asked until it goes on") {
  Asked asked;
  Unix::acceptor server(asked.io);
  server.open();
  server.bind(Unix::endpoint(asked.path));
  server.listen(0);
  const Unix::endpoint address(asked.path);
  std::vector<Unix::socket> queue;
  do {
    queue.emplace_back(asked.io);
    queue.back().open();
    queue.back().native_non_blocking(true);
  } while (::connect(queue.back().native_handle(), address.data(),
                     static_cast<socklen_t>(address.size())) == 0);
  asked.ping.ask(asked.path);
  REQUIRE(asked.until([&] { return !asked.answers.empty(); }));
  CHECK(asked.answers == std::vector{PulseServer::silent});
  std::vector<Unix::socket> clients;
  for (std::size_t i = 1; i < queue.size(); ++i) clients.push_back(server.accept());
  queue.clear();
  server.non_blocking(true);
  REQUIRE(asked.until([&] {
    boost::system::error_code error;
    auto client = server.accept(error);
    if (!error) boost::asio::write(client, boost::asio::buffer("x", 1));
    return asked.answers.size() > 1;
  }));
  CHECK(asked.answers == std::vector{PulseServer::silent, PulseServer::answers});
}

TEST_CASE("pulse ping: who has no descriptor to ask with has no answer until there is one") {
  Asked asked;
  Unix::acceptor server(asked.io, Unix::endpoint(asked.path));
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  auto none = before;
  none.rlim_cur = 0;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  asked.ping.ask(asked.path);
  const bool answered = asked.until([&] { return !asked.answers.empty(); }, 3s);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_FALSE(answered);
  server.non_blocking(true);
  CHECK(asked.until([&] {
    boost::system::error_code error;
    auto client = server.accept(error);
    if (!error) boost::asio::write(client, boost::asio::buffer("x", 1));
    return !asked.answers.empty();
  }));
  CHECK(asked.answers == std::vector{PulseServer::answers});
}

TEST_CASE("pulse ping: who is not there hides nothing") {
  Asked asked;
  SECTION("nobody is to be asked") {
    asked.path.clear();
  }
  SECTION("no socket") {}
  SECTION("a socket that nobody listens to") {
    const Unix::acceptor gone(asked.io, Unix::endpoint(asked.path));
  }
  SECTION("a path that no socket can have") {
    asked.path = "/" + std::string(200, 'x');
  }
  asked.ping.ask(asked.path);
  CHECK(asked.answers.empty());
  REQUIRE(asked.until([&] { return !asked.answers.empty(); }));
  CHECK(asked.answers == std::vector{PulseServer::answers});
}

TEST_CASE("pulse ping: who was there and is gone is told of, and asked when it is back") {
  Asked asked;
  const auto answer = [&](Unix::acceptor& server) {
    auto client = server.accept();
    boost::asio::write(client, boost::asio::buffer("x", 1));
  };
  {
    Unix::acceptor server(asked.io, Unix::endpoint(asked.path));
    asked.ping.ask(asked.path);
    answer(server);
    REQUIRE(asked.until([&] { return asked.answers.size() == 1; }));
  }
  SECTION("its socket is still there") {}
  SECTION("its socket is gone, too") {
    std::filesystem::remove(asked.path);
  }
  asked.answers.clear();
  asked.ping.ask(asked.path);
  CHECK(asked.answers.empty());
  REQUIRE(asked.until([&] { return !asked.answers.empty(); }));
  CHECK(asked.answers == std::vector{PulseServer::absent});
  asked.until([] { return false; }, 1s);  // it looks again meanwhile
  CHECK(asked.answers.size() == 1);

  std::filesystem::remove(asked.path);
  Unix::acceptor server(asked.io, Unix::endpoint(asked.path));
  server.non_blocking(true);
  std::vector<Unix::socket> clients;
  REQUIRE(asked.until([&] {
    boost::system::error_code error;
    auto client = server.accept(error);
    if (!error) clients.push_back(std::move(client));
    return !clients.empty();
  }));
  SECTION("and answers") {
    boost::asio::write(clients.front(), boost::asio::buffer("x", 1));
    REQUIRE(asked.until([&] { return asked.answers.size() == 2; }));
    CHECK(asked.answers.back() == PulseServer::answers);
  }
  SECTION("and frozen") {
    REQUIRE(asked.until([&] { return asked.answers.size() == 2; }));
    CHECK(asked.answers.back() == PulseServer::silent);
  }
}

TEST_CASE("pulse ping: a server that hangs up answers, and who stops is told nothing") {
  Asked asked;
  Unix::acceptor server(asked.io, Unix::endpoint(asked.path));
  asked.ping.ask(asked.path);
  SECTION("it hangs up") {
    (void)server.accept();
    CHECK(asked.until([&] { return asked.answers == std::vector{PulseServer::answers}; }));
  }
  SECTION("the question is forgotten") {
    asked.ping.stop();
    auto client = server.accept();
    boost::system::error_code gone;
    boost::asio::write(client, boost::asio::buffer("x", 1), gone);
    asked.io.restart();
    asked.io.run_for(std::chrono::milliseconds(50));
    CHECK(asked.answers.empty());
  }
}
