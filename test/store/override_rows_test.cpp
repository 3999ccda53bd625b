#include "store/override_rows.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/temp_directory.hpp"

using namespace rocd;
using namespace rocd::test;

namespace {

const Uid self = Uid::derive("test", "peer", "self");
const Uid kitchen = Uid::derive("test", "endpoint", "kitchen");

}  // namespace

TEST_CASE("an override without members has no row, and its version is not forgotten") {
  const TempDirectory directory;
  auto store = Store::open(directory.path()).value();
  OverrideRows rows(*store, StoredKind::endpoint_override, self);
  REQUIRE(rows.load().value().empty());
  CHECK(rows.floor() == 1);
  REQUIRE(rows.put({kitchen, 4, {{"volume", 0.5}}}).has_value());
  CHECK(rows.floor() == 1);
  REQUIRE(rows.put({kitchen, 5, {}}).has_value());
  CHECK(rows.floor() == 5);

  OverrideRows later(*store, StoredKind::endpoint_override, self);
  CHECK(later.load().value().empty());
  CHECK(later.floor() == 5);
  OverrideRows others(*store, StoredKind::stream_override, self);
  CHECK(others.load().value().empty());
  CHECK(others.floor() == 1);
}

TEST_CASE("the floor of versions only rises") {
  const TempDirectory directory;
  auto store = Store::open(directory.path()).value();
  OverrideRows rows(*store, StoredKind::stream_override, self);
  REQUIRE(rows.load().has_value());
  REQUIRE(rows.raise_floor(7).has_value());
  REQUIRE(rows.raise_floor(3).has_value());
  REQUIRE(rows.put({kitchen, 2, {}}).has_value());
  CHECK(rows.floor() == 7);
  OverrideRows later(*store, StoredKind::stream_override, self);
  REQUIRE(later.load().has_value());
  CHECK(later.floor() == 7);
}
