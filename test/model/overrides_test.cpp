#include "model/overrides.hpp"

#include <boost/json/object.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace rocd;

namespace {

EndpointSpec quiet_kitchen() {
  EndpointSpec file;
  file.name = "kitchen";
  file.volume = 0.5;
  file.is_default = true;
  return file;
}

}  // namespace

TEST_CASE("only members that differ from the file are overridden, and the file keeps the others") {
  auto file = quiet_kitchen();
  auto wanted = file;
  wanted.muted = true;
  const auto overrides = difference(file, wanted);
  CHECK(overrides == EndpointOverrides{{}, true, {}});
  CHECK(with_overrides(file, overrides) == wanted);
  file.volume = 0.25;
  CHECK(with_overrides(file, overrides).volume == 0.25);
  CHECK(with_overrides(file, overrides).muted);
}

TEST_CASE("an override may say what is the default of rocd, but not of the file") {
  const auto file = quiet_kitchen();
  auto wanted = file;
  wanted.volume = 1.0;
  wanted.is_default = false;
  const auto overrides = difference(file, wanted);
  CHECK(overrides == EndpointOverrides{1.0, {}, false});
  CHECK(with_overrides(file, overrides) == wanted);
  CHECK(difference(file, file) == EndpointOverrides{});
}

TEST_CASE("of a stream only whether it is enabled is overridden") {
  StreamSpec file;
  file.enabled = false;
  auto wanted = file;
  wanted.enabled = true;
  wanted.display_name = "other";
  CHECK(difference(file, wanted) == StreamOverrides{true});
  CHECK(with_overrides(file, {true}).enabled);
  CHECK(with_overrides(file, {true}).display_name == file.display_name);
  CHECK(with_overrides(file, {}) == file);
}

TEST_CASE("what a client leaves out is what the file says") {
  boost::json::value body{{"volume", 0.75}, {"stream_direction", "output"}};
  fill_in_overridable(body, quiet_kitchen());
  CHECK(body == boost::json::value{{"volume", 0.75},
                                   {"stream_direction", "output"},
                                   {"muted", false},
                                   {"is_default", true}});
  StreamSpec stream;
  stream.enabled = false;
  body = boost::json::object{};
  fill_in_overridable(body, stream);
  CHECK(body == boost::json::value{{"enabled", false}});
  body = 7;  // refused later
  fill_in_overridable(body, stream);
  CHECK(body == 7);
}
