#include "base/ip_address.hpp"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("ip address: names, halves and brackets are none") {
  for (const char* host :
       {"127.0.0.1", "0.0.0.0", "255.255.255.255", "::", "::1", "fe80::1", "::ffff:10.0.0.1"}) {
    CAPTURE(host);
    CHECK(rocd::is_ip_address(host));
  }
  for (const char* host : {"", "localhost", "127.1", "127.0.0.1 ", "256.0.0.1", "1.2.3.4.5",
                           "[::1]", "::1%lo", "0x7f.0.0.1", "2130706433"}) {
    CAPTURE(host);
    CHECK_FALSE(rocd::is_ip_address(host));
  }
}
