// Free ports and the clock.
#include "rocctl/host_checks.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <catch2/catch_test_macros.hpp>

namespace rocctl::test {

TEST_CASE("port ranges are read as the configuration has them") {
  CHECK(parse_port_range("10000-10999") == PortRange{10000, 10999});
  CHECK(parse_port_range("5000") == PortRange{5000, 5000});
  for (const char* text : {"", "-", "a-b", "2-1", "0-5", "1-70000", "1-2-3"})
    CHECK(!parse_port_range(text));
}

TEST_CASE("bound ports are found in the kernel's tables") {
  std::set<std::uint16_t> ports;
  add_bound_ports(
      "  sl  local_address rem_address   st tx_queue rx_queue\n"
      " 2451: 0100007F:2711 00000000:0000 07 00000000:00000000\n"
      " 2460: 00000000:14E9 00000000:0000 07 00000000:00000000\n",
      ports);
  add_bound_ports(
      "  sl  local_address                         remote_address                        st\n"
      " 5353: 00000000000000000000000000000000:2712 00000000000000000000000000000000:0000 07\n"
      "nonsense\n",
      ports);
  CHECK(ports == std::set<std::uint16_t>{10001, 5353, 10002});
}

TEST_CASE("a range without enough free ports is told") {
  const auto good = port_range_check({10000, 10999}, {10001, 10002, 9999, 11000});
  CHECK(good.grade == Grade::good);
  CHECK(good.text == "UDP 10000-10999: 998 of 1000 free");
  CHECK(port_range_check({10000, 10009}, {}).grade == Grade::doubtful);
  const auto full = port_range_check({10000, 10003}, {10000, 10003});
  CHECK(full.grade == Grade::bad);
  CHECK(full.text == "UDP 10000-10003: 2 of 4 free");
  CHECK(full.hint.starts_with("widen ports.range"));
  CHECK(port_range_check({1, 65535}, {}).text == "UDP 1-65535: 65535 of 65535 free");
}

TEST_CASE("a clock that is not synchronised is doubtful") {
  CHECK(clock_check(2000).text == "synchronised to 2.0 ms");
  CHECK(clock_check(2000).grade == Grade::good);
  CHECK(clock_check(80000).grade == Grade::doubtful);
  CHECK(clock_check(80000).text.starts_with("synchronised, but only to 80 ms"));
  CHECK(clock_check(std::nullopt).grade == Grade::doubtful);
  CHECK(clock_check(std::nullopt).hint.starts_with("timedatectl"));
}

TEST_CASE("the range is that of the daemon's configuration") {
  const boost::json::value config = {
      {"values", boost::json::array{{{"key", "ports.range"}, {"value", "20000-20999"}}}}};
  const auto checks = host_checks(config);
  REQUIRE(checks.size() == 2);
  CHECK(checks[0].text.starts_with("UDP 20000-20999: "));
  CHECK(checks[1].name == "clock");
  CHECK(host_checks(nullptr).size() == 1);
}

}  // namespace rocctl::test
