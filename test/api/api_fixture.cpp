#include "api/api_fixture.hpp"

#include <stdlib.h>

#include <boost/json/parse.hpp>
#include <catch2/catch_test_macros.hpp>

#include "api/exchange_record.hpp"
#include "model/json_text.hpp"

namespace rocd::test {
namespace json = boost::json;

namespace {

constexpr const char* configuration = R"(name: studio
endpoints:
  - name: kitchen
    direction: output
    display_name: Kitchen speakers
streams:
  - name: to-kitchen
    display_name: Music to kitchen
    source: kitchen
    destination: { media: "rtp://192.168.1.20:10001" }
)";

class NoRegistry final : public ChildRegistry {
 public:
  void add(const Uid&, const ProcessIdentity&) override {}
  void remove(const Uid&) override {}
};

}  // namespace

json::value Answer::json() const {
  return json::parse(body);
}

std::string Answer::at(std::string_view pointer) const {
  boost::system::error_code missing;
  const auto value = json();
  const auto* found = value.find_pointer(pointer, missing);
  if (found == nullptr) return "-";
  return found->is_string() ? std::string(found->as_string()) : json_text(*found);
}

ApiFixture::ApiFixture() {
  store = Store::open(dir.path()).value();
  self = store->self_uid().value();
  registry = std::make_unique<NoRegistry>();
  supervisor = std::make_unique<Supervisor>(io.get_executor(), spawner, *registry, 1);
  endpoints = std::make_unique<EndpointDispatcher>(io.get_executor(), self, driver, *store, events);
  streams = std::make_unique<StreamDispatcher>(io.get_executor(),
                                               StreamDispatcher::Options{self, {}, false}, engine,
                                               *supervisor, *endpoints, *store, events);
  peer = {self, "studio", "studio.lan", true, 1};

  DeviceInfo device;
  device.node_name = "alsa_output.speakers";
  device.description = "Speakers";
  driver.add_system_device(device);

  const auto no_environment = [](const char*) -> const char* { return nullptr; };
  auto loaded = parse_config(configuration, "rocd.yaml", no_environment);
  REQUIRE(loaded.errors.empty());
  config = std::move(loaded.config);
  config.file = "/etc/rocd/rocd.yaml";
  assign_uids(config, self);
  kitchen = config.endpoints.at(0).spec.uid.str();
  to_kitchen = config.streams.at(0).spec.uid.str();
  REQUIRE(endpoints->start({config.endpoints[0].spec}).has_value());
  REQUIRE(streams->start({config.streams[0].spec}).has_value());
  settle();
  for (const auto& each : endpoints->list()) {
    if (each.spec.type == EndpointType::system_device) speakers = each.spec.uid.str();
  }
  REQUIRE(!speakers.empty());
  api = std::make_unique<Api>(Api::Context{peer, *endpoints, *streams, *store, engine, config,
                                           Now::read().mono, events, [this] {
                                             ++reloads;
                                             return reloaded;
                                           }});
}

ApiFixture::~ApiFixture() = default;

void ApiFixture::settle() {
  while (driver.deliver() + spawner.deliver() + io.poll() > 0) io.restart();
  io.restart();
}

void ApiFixture::print(const std::string& line) {
  for (auto* process : spawner.alive()) process->print_line(line);
  settle();
}

Answer ApiFixture::ask(const std::string& method, const std::string& target, Ask what) {
  HttpRequest request;
  request.method = parse_method(method);
  request.method_text = method;
  request.host = what.host;
  REQUIRE(set_target(request, target).has_value());
  if (!what.body.empty()) request.content_type = what.content_type;
  request.body = std::move(what.body);
  request.if_match = what.if_match;
  request.if_none_match = what.if_none_match;
  request.origin = what.origin;
  request.last_event_id = what.last_event_id;
  request.accept_encoding = what.accept_encoding;
  request.authorization = what.authorization;
  request.access_control_request_method = what.access_control_request_method;
  request.local = what.local;
  request.websocket = what.websocket;
  Answer answer{api->handle(request)};
  answer.body = answer.content();
  record_exchange(request, answer);
  settle();
  return answer;
}

std::string ApiFixture::make_endpoint(const std::string& direction, const std::string& more) {
  const auto made = ask("POST", "/peers/self/endpoints",
                        {.body = R"({"stream_direction": ")" + direction + "\"" +
                                 (more.empty() ? "" : ", " + more) + "}"});
  REQUIRE(made.status == 201);
  return made.at("/endpoint_uid");
}

std::string ApiFixture::sending_body(const std::string& more) {
  return R"({"source": {"connection_type": "endpoint", "endpoint_uri": "/peers/self/endpoints/)" +
         make_endpoint("output") +
         R"("}, "destination": {"connection_type": "external", "media_uri": "rtp://10.0.0.2:9000"})" +
         (more.empty() ? "" : ", " + more) + "}";
}

}  // namespace rocd::test
