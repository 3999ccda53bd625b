#include "api/event_publisher.hpp"

#include <sys/stat.h>
#include <zmq.h>

#include <catch2/catch_test_macros.hpp>
#include <fstream>

#include "api/http_test_client.hpp"
#include "support/temp_directory.hpp"

namespace rocd::test {
namespace {

class Subscriber {
 public:
  Subscriber(const std::filesystem::path& path, std::string_view topic) {
    zmq_setsockopt(socket_, ZMQ_SUBSCRIBE, topic.data(), topic.size());
    const int limit = 5000;  // ms
    zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &limit, sizeof limit);
    REQUIRE(zmq_connect(socket_, ("ipc://" + path.string()).c_str()) == 0);
  }
  ~Subscriber() {
    zmq_close(socket_);
    zmq_ctx_term(context_);
  }
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  // "" if nothing came in time.
  std::string receive(int flags = 0) {
    char buffer[1024];
    const int size = zmq_recv(socket_, buffer, sizeof buffer, flags);
    return size < 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(size));
  }

 private:
  void* context_ = zmq_ctx_new();
  void* socket_ = zmq_socket(context_, ZMQ_SUB);
};

}  // namespace

TEST_CASE("Events are published with their type as topic") {
  TempDirectory directory;
  const auto path = directory.path() / "events.sock";
  EventBus bus("e");
  const auto publisher = EventPublisher::open(path, bus);
  REQUIRE(publisher.has_value());
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  Subscriber streams(path, "stream.");
  // A subscription takes its time to arrive, and nothing tells when it has.
  std::string first;
  REQUIRE(eventually([&] {
    bus.publish(EventType::stream_state, "/streams/a", {}, {}, {});
    first = streams.receive(ZMQ_DONTWAIT);
    return !first.empty();
  }));
  CHECK(first == "stream.state");
  CHECK(streams.receive().find("\"uri\":\"/streams/a\"") != std::string::npos);

  bus.publish(EventType::daemon_stopping, "/system", {}, {}, {});
  bus.publish(EventType::stream_deleted, "/streams/b", {}, {}, {});
  std::string topic;
  while ((topic = streams.receive()) == "stream.state") streams.receive();
  CHECK(topic == "stream.deleted");
  CHECK(streams.receive() == bus.find(bus.last_seq())->envelope);
}

TEST_CASE(
    "The socket of the events is gone with its publisher, and replaces one of a dead daemon") {
  TempDirectory directory;
  const auto path = directory.path() / "events.sock";
  EventBus bus("e");
  {
    const auto publisher = EventPublisher::open(path, bus);
    REQUIRE(publisher.has_value());
    CHECK(EventPublisher::open(path, bus).error().code == ErrorCode::conflict);
  }
  CHECK_FALSE(std::filesystem::exists(path));
  bus.publish(EventType::daemon_stopping, "/system", {}, {}, {});  // nobody publishes it

  std::ofstream(path) << "mine";
  const auto refused = EventPublisher::open(path, bus);
  CHECK(refused.error().message.ends_with("exists and is not a socket"));
}

TEST_CASE("A place where no socket can be is told with its path") {
  EventBus bus("e");
  const auto refused = EventPublisher::open("/no/such/directory/events.sock", bus);
  CHECK(refused.error().message ==
        "cannot publish events on /no/such/directory/events.sock: No such file or directory");
}

}  // namespace rocd::test
