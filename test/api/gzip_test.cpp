#include "api/gzip.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace rocd;

namespace {

// printf 'hello hello hello\n' | gzip -9n
constexpr unsigned char compressed[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03,
                                        0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x57, 0xc8, 0x40, 0x90, 0x5c,
                                        0x00, 0x3b, 0x7c, 0x8a, 0xdf, 0x12, 0x00, 0x00, 0x00};
const std::string_view hello(reinterpret_cast<const char*>(compressed), sizeof compressed);

}  // namespace

TEST_CASE("gzip is sent to those who accept it") {
  for (const auto* list : {"gzip", "GZip", "x-gzip", "deflate, gzip;q=0.5", "br , gzip ; q=0.001",
                           "*", "identity;q=0, *;q=1", "gzip;level=9;q=1"}) {
    CAPTURE(list);
    CHECK(accepts_gzip(list));
  }
  for (const auto* list : {"", "identity", "br, deflate", "gzip;q=0", "gzip; q=0.000, *", "*;q=0",
                           "gzipped", "*;q=0, br"}) {
    CAPTURE(list);
    CHECK_FALSE(accepts_gzip(list));
  }
}

TEST_CASE("What was compressed is had again, if it is whole and not too large") {
  CHECK(gunzip(hello, 1000).value() == "hello hello hello\n");
  CHECK(gunzip(hello, 18).value() == "hello hello hello\n");
  CHECK(gunzip(hello, 17).has_error());
  CHECK(gunzip("", 1000).has_error());
  for (std::size_t size = 1; size < hello.size(); ++size) {
    CHECK(gunzip(hello.substr(0, size), 1000).has_error());
  }
  for (std::size_t i : {0, 2, 12, 20, 26}) {
    std::string damaged(hello);
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    CHECK(gunzip(damaged, 1000).has_error());
  }
}
