#include "config/yaml_key.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace rocd;

TEST_CASE("a JSON pointer becomes the key that stands in the file") {
  CHECK(yaml_path("/source/media_uri") == "source.media");
  CHECK(yaml_path("/destination/control_uri") == "destination.control");
  CHECK(yaml_path("/source/endpoint_uri") == "source");
  CHECK(yaml_path("/destination") == "destination");
  CHECK(yaml_path("/settings/io_latency") == "io_latency");
  CHECK(yaml_path("/settings/extra_args/2") == "extra_args");
  CHECK(yaml_path("/name") == "name");
  CHECK(yaml_path("") == "");
  CHECK(yaml_key("/source/media_uri") == "media");
  CHECK(yaml_key("/source/endpoint_uri") == "source");
  CHECK(yaml_key("/settings/fec") == "fec");
}
