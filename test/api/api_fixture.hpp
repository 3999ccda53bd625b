// The whole API over real dispatchers and a store, with fakes for the sound system, the engine and
// processes; no sockets. What ask() sends and gets is recorded, see exchange_record.hpp.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/api.hpp"
#include "config/config.hpp"
#include "device/endpoint_dispatcher.hpp"
#include "fake/fake_device_driver.hpp"
#include "fake/fake_spawner.hpp"
#include "fake/fake_stream_engine.hpp"
#include "store/store.hpp"
#include "stream/stream_dispatcher.hpp"
#include "supervise/supervisor.hpp"
#include "support/temp_directory.hpp"

namespace rocd::test {

struct Ask {
  std::string body{};
  std::string content_type = "application/json";  // sent when there is a body
  std::string if_match{}, if_none_match{}, origin{}, last_event_id{}, accept_encoding{};
  std::string authorization{}, access_control_request_method{};
  bool local = false;  // over the Unix socket
  std::string host = "localhost:4040";
  std::optional<HttpRequest::Upgrade> websocket{};
};

struct Answer : HttpResponse {
  [[nodiscard]] boost::json::value json() const;
  // A member of the body by JSON pointer, as text; "-" if it is not there.
  [[nodiscard]] std::string at(std::string_view pointer) const;
};

class ApiFixture {
 public:
  ApiFixture();
  ~ApiFixture();

  Answer ask(const std::string& method, const std::string& target, Ask what = {});
  void settle();  // lets fakes report and the reactor run until nothing is left to do

  void print(const std::string& line);  // every running child does

  // Makes a virtual device and gives its uid.
  std::string make_endpoint(const std::string& direction, const std::string& more = {});
  // The body of a stream that sends what is played into a new virtual output.
  std::string sending_body(const std::string& more = {});

  TempDirectory dir;
  boost::asio::io_context io;
  std::unique_ptr<Store> store;
  Uid self;
  EventBus events{"test"};
  FakeDeviceDriver driver;
  FakeStreamEngine engine;
  FakeSpawner spawner;
  std::unique_ptr<ChildRegistry> registry;
  std::unique_ptr<Supervisor> supervisor;
  std::unique_ptr<EndpointDispatcher> endpoints;
  std::unique_ptr<StreamDispatcher> streams;
  Config config;
  Peer peer;
  Result<ReloadReport> reloaded = ReloadReport{};  // what reading the configuration anew gives
  int reloads = 0;
  std::unique_ptr<Api> api;

  std::string kitchen, to_kitchen, speakers;  // configured endpoint and stream, system device
};

}  // namespace rocd::test
