#include "base/uid.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace rocd {
namespace {

constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::size_t group = 6;
constexpr std::size_t groups = 3;

bool is_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

// `value(i)` gives the i-th base-36 digit.
template <class Value>
std::string format(Value&& value) {
  std::string text;
  text.reserve(group * groups + groups - 1);
  for (std::size_t i = 0; i < group * groups; ++i) {
    if (i != 0 && i % group == 0) text += '-';
    text += digits[value(i)];
  }
  return text;
}

std::uint64_t fnv1a(std::uint64_t hash, std::string_view text) {
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  hash ^= 0xffU;  // a separator that is in no UTF-8 text
  hash *= 0x100000001b3U;
  return hash;
}

// FNV's high bits are weak for short inputs; the finaliser of splitmix64 spreads them.
std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30U;
  x *= 0xbf58476d1ce4e5b9U;
  x ^= x >> 27U;
  x *= 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

}  // namespace

std::optional<Uid> Uid::parse(std::string_view text) {
  if (text.size() != group * groups + groups - 1) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool separator = i % (group + 1) == group;
    if (separator ? text[i] != '-' : !is_digit(text[i])) return std::nullopt;
  }
  return Uid(std::string(text));
}

Uid Uid::derive(std::string_view scope, std::string_view kind, std::string_view name) {
  // Three independent 64-bit values, six base-36 digits (31 bits) of each.
  std::array<std::uint64_t, groups> parts{};
  for (std::size_t i = 0; i < groups; ++i) {
    std::uint64_t hash = 0xcbf29ce484222325U + i * 0x9e3779b97f4a7c15U;
    for (const auto part : {scope, kind, name}) hash = fnv1a(hash, part);
    parts[i] = mix(hash);
  }
  return Uid(format([&](std::size_t i) {
    auto& part = parts[i / group];
    const auto digit = part % digits.size();
    part /= digits.size();
    return digit;
  }));
}

Uid Uid::random() {
  return Uid(format([](std::size_t) -> std::size_t {
    // Values from 252 up would favour the first digits: draw again.
    for (;;) {
      unsigned char byte = 0;
      const auto got = ::getrandom(&byte, 1, 0);
      if (got < 0 && errno != EINTR)
        throw std::system_error(errno, std::generic_category(), "getrandom");
      if (got == 1 && byte < 252) return byte % digits.size();
    }
  }));
}

}  // namespace rocd
