// Identifiers of peers, endpoints and streams: three groups of six from [0-9a-z], as upstream
// rocd writes them ("rx4sse-w0zas1-gf2s1o").
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rocd {

class Uid {
 public:
  Uid() = default;  // empty: "no uid yet"

  // nullopt unless `text` is exactly three groups of six from [0-9a-z].
  [[nodiscard]] static std::optional<Uid> parse(std::string_view text);

  // The same names give the same uid on every machine and in every version (FNV-1a based; names
  // are not secrets). Parts are separated internally, so ("a","bc") and ("ab","c") differ.
  [[nodiscard]] static Uid derive(std::string_view scope, std::string_view kind,
                                  std::string_view name);

  // From the kernel's random source (getrandom); about 93 bits.
  [[nodiscard]] static Uid random();

  [[nodiscard]] const std::string& str() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }

  friend bool operator==(const Uid&, const Uid&) = default;
  friend auto operator<=>(const Uid&, const Uid&) = default;

 private:
  explicit Uid(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace rocd

template <>
struct std::hash<rocd::Uid> {
  std::size_t operator()(const rocd::Uid& uid) const noexcept {
    return std::hash<std::string>{}(uid.str());
  }
};
