#include "base/uid.hpp"

#include <catch2/catch_test_macros.hpp>
#include <set>

using rocd::Uid;

TEST_CASE("a uid is three groups of six lower-case letters and digits") {
  const auto uid = Uid::parse("rx4sse-w0zas1-gf2s1o");
  REQUIRE(uid);
  CHECK(uid->str() == "rx4sse-w0zas1-gf2s1o");
  for (const auto* wrong :
       {"", "self", "rx4sse-w0zas1", "RX4SSE-w0zas1-gf2s1o", "rx4sse-w0zas1-gf2s1o-",
        "rx4sse_w0zas1_gf2s1o", "rx4sse-w0zas1-gf2s1", "-x4sse-w0zas1-gf2s1o"})
    CHECK_FALSE(Uid::parse(wrong));
}

TEST_CASE("a derived uid never changes, because URIs must survive restarts and upgrades") {
  CHECK(Uid::derive("scope", "stream", "to-kitchen") ==
        Uid::derive("scope", "stream", "to-kitchen"));
  CHECK(Uid::derive("scope", "stream", "to-kitchen").str() == "dcz02i-75951b-xzymqn");
}

TEST_CASE("derived uids of different names differ, also where the parts run together") {
  CHECK(Uid::derive("a", "bc", "d") != Uid::derive("ab", "c", "d"));
  std::set<Uid> seen;
  for (int i = 0; i < 20'000; ++i) seen.insert(Uid::derive("s", "k", std::to_string(i)));
  CHECK(seen.size() == 20'000);
}

TEST_CASE("random uids are valid and differ") {
  std::set<Uid> seen;
  for (int i = 0; i < 1'000; ++i) {
    const auto uid = Uid::random();
    REQUIRE(Uid::parse(uid.str()) == uid);
    seen.insert(uid);
  }
  CHECK(seen.size() == 1'000);
}
