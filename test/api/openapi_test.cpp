// openapi/rocd.yaml against upstream rocd's contract, and against itself.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <set>

#include "api/document.hpp"
#include "api/problem.hpp"
#include "api/schema_check.hpp"

using namespace rocd;
using namespace rocd::test;
namespace json = boost::json;

namespace {

// What upstream's OpenAPI file (roc-streaming/rocd, openapi.json, version 0.1.0) promises.
struct UpstreamOperation {
  const char *path, *method, *operation_id, *schema;
  bool is_list;
};
const UpstreamOperation kUpstreamOperations[] = {
    {"/peers", "get", "list_peers", "PeerSpec", true},
    {"/peers/{peer_uid}", "get", "read_peer", "PeerSpec", false},
    {"/peers/{peer_uid}", "put", "update_peer", "PeerSpec", false},
    {"/peers/{peer_uid}/endpoints", "get", "list_endpoints", "EndpointSpec", true},
    {"/peers/{peer_uid}/endpoints/{endpoint_uid}", "get", "read_endpoint", "EndpointSpec", false},
    {"/peers/{peer_uid}/endpoints/{endpoint_uid}", "put", "update_endpoint", "EndpointSpec", false},
    {"/streams", "get", "list_streams", "StreamSpec", true},
    {"/streams/{stream_uid}", "get", "read_stream", "StreamSpec", false},
    {"/streams/{stream_uid}", "put", "update_stream", "StreamSpec", false},
};

struct UpstreamEnum {
  const char* schema;
  std::vector<const char*> values;
};
const UpstreamEnum kUpstreamEnums[] = {
    {"ConnectionType", {"endpoint", "external"}},
    {"DriverId", {"unspecified", "pipewire"}},
    {"EndpointDir", {"input", "output", "duplex"}},
    {"EndpointType", {"system_device", "streaming_device"}},
};

// repair_uri and control_uri are required upstream; a bare rtp:// has none, so they are not here.
const UpstreamEnum kUpstreamRequired[] = {
    {"PeerSpec", {"peer_uri", "peer_uid"}},
    {"EndpointSpec",
     {"endpoint_uri", "endpoint_uid", "endpoint_type", "stream_direction", "driver", "display_name",
      "system_name"}},
    {"StreamSpec", {"stream_uri", "stream_uid", "source", "destination"}},
    {"EndpointConnection", {"connection_type", "endpoint_uri"}},
    {"ExternalConnection", {"connection_type"}},
};

const json::value& schema(std::string_view name) {
  return openapi_json().at("components").at("schemas").at(name);
}

bool lists(const json::value& array, std::string_view text) {
  for (const auto& element : array.as_array()) {
    if (element.as_string() == text) return true;
  }
  return false;
}

void walk(const json::value& node, const std::function<void(const json::object&)>& visit) {
  if (node.is_array()) {
    for (const auto& element : node.as_array()) walk(element, visit);
  }
  if (!node.is_object()) return;
  visit(node.as_object());
  for (const auto& member : node.as_object()) walk(member.value(), visit);
}

}  // namespace

TEST_CASE("Every upstream operation keeps its path, method, name and answer") {
  for (const auto& [path, method, operation_id, name, is_list] : kUpstreamOperations) {
    CAPTURE(path, method);
    const auto& operation = openapi_json().at("paths").at(path).at(method);
    CHECK(operation.at("operationId").as_string() == operation_id);
    const auto* answer = response_schema(openapi_json(), path, method, 200, "application/json");
    REQUIRE(answer != nullptr);
    if (is_list) {
      CHECK(answer->at("type").as_string() == "array");
      answer = &answer->at("items");
    }
    CHECK(answer->at("$ref").as_string() == "#/components/schemas/" + std::string(name));
  }
}

TEST_CASE("Every upstream enum value and required field is there") {
  for (const auto& [name, values] : kUpstreamEnums) {
    for (const auto* value : values) {
      CAPTURE(name, value);
      CHECK(lists(schema(name).at("enum"), value));
    }
  }
  for (const auto& [name, values] : kUpstreamRequired) {
    for (const auto* value : values) {
      CAPTURE(name, value);
      CHECK(lists(schema(name).at("required"), value));
      CHECK(schema(name).at("properties").as_object().contains(value));
    }
  }
  for (const auto* uri : {"media_uri", "repair_uri", "control_uri"}) {
    CHECK(schema("ExternalConnection").at("properties").at(uri).at("type").as_string() == "string");
  }
}

TEST_CASE("The document is OpenAPI 3.1, its references lead somewhere, its names are unique") {
  const auto& document = openapi_json();
  CHECK(document.at("openapi").as_string() == "3.1.0");
  walk(document, [&](const json::object& node) {
    if (!node.contains("$ref")) return;
    CAPTURE(json::serialize(node));
    CHECK_NOTHROW(
        (void)resolve(node.at("$ref").is_string() ? json::value(node) : json::value(), document));
  });
  std::set<std::string> names;
  for (const auto& path : document.at("paths").as_object()) {
    for (const auto& method : path.value().as_object()) {
      if (method.key() == "parameters") continue;
      CAPTURE(path.key(), method.key());
      CHECK(names.insert(std::string(method.value().at("operationId").as_string())).second);
      CHECK(!method.value().at("summary").as_string().empty());
      CHECK(method.value().at("responses").as_object().contains("default"));
    }
  }
}

TEST_CASE("Required fields are described, and every schema word is one that tests check") {
  static const std::set<std::string> known{
      "$ref",   "type",        "enum",     "const",   "required",  "properties",
      "items",  "oneOf",       "minimum",  "maximum", "minLength", "additionalProperties",
      "format", "description", "examples", "default", "readOnly",  "title"};
  const std::function<void(const json::value&)> check = [&](const json::value& node) {
    const auto& object = node.as_object();
    CAPTURE(json::serialize(node));
    for (const auto& member : object) CHECK(known.contains(std::string(member.key())));
    if (const auto* required = object.if_contains("required")) {
      for (const auto& name : required->as_array()) {
        CHECK(object.at("properties").as_object().contains(name.as_string()));
      }
    }
    if (const auto* properties = object.if_contains("properties")) {
      for (const auto& property : properties->as_object()) check(property.value());
    }
    if (const auto* items = object.if_contains("items")) check(*items);
    if (const auto* choices = object.if_contains("oneOf")) {
      for (const auto& choice : choices->as_array()) check(choice);
    }
  };
  for (const auto& each : openapi_json().at("components").at("schemas").as_object()) {
    check(each.value());
  }
}

TEST_CASE("The error codes are those that the daemon has") {
  std::set<std::string> documented, made;
  for (const auto& code : schema("ErrorCode").at("enum").as_array()) {
    documented.insert(std::string(code.as_string()));
  }
  for (const auto& kind : problem_kinds()) made.insert(std::string(kind.code));
  CHECK(documented == made);
}

TEST_CASE("YAML scalars become JSON as the core schema says") {
  const auto value = yaml_to_json(
      "a: 1\nb: 1.5\nc: true\nd: null\ne: \"1\"\nf: '200'\ng: text\nh: [x, -3, {i: ~}]\n"
      "k: |\n  two\n  lines\nl: 3.1.0\n\"404\": m\nn: inf\no: ''\n");
  CHECK(
      json::serialize(value) ==
      R"({"a":1,"b":1.5E0,"c":true,"d":null,"e":"1","f":"200","g":"text","h":["x",-3,{"i":null}],)"
      R"("k":"two\nlines\n","l":"3.1.0","404":"m","n":"inf","o":""})");
}
