// Reads one JSON object strictly and collects every mistake with its JSON pointer (RFC 6901).
// (pure) Each accessor marks its key as known; finish() reports the keys that nobody asked for.
// Keys are kept as views: pass literals.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace rocd {

// `key` as one reference token of a JSON pointer.
[[nodiscard]] std::string escape_pointer(std::string_view key);

// The candidate that is at most two edits away, for "did you mean"; empty if none is.
[[nodiscard]] std::string_view closest(std::string_view word,
                                       std::span<const std::string_view> candidates);

class ObjectReader {
 public:
  // object and errors outlive the reader. path: pointer of the object, "" for the whole body.
  ObjectReader(const boost::json::object& object, std::string path, std::vector<FieldError>& errors)
      : object_(object), path_(std::move(path)), errors_(errors) {}

  // nullopt: missing, or wrong and reported.
  std::optional<std::string> text(std::string_view key, std::size_t max_characters = 200);
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t low, std::int64_t high);
  std::optional<double> number(std::string_view key, double low, double high);
  std::optional<std::vector<std::string>> texts(std::string_view key, std::size_t max_count);
  const boost::json::object* object(std::string_view key);

  // The value whose name stands there; names: in the order of the enum's values from 0.
  template <class Enum>
  std::optional<Enum> one_of(std::string_view key, std::span<const std::string_view> names) {
    const auto index = index_of(key, names);
    if (!index) return std::nullopt;
    return static_cast<Enum>(*index);
  }

  void require(std::string_view key);  // reports it if it is missing
  void ignore(std::string_view key);   // readable, not writable
  void fail(std::string_view key, std::string reason);
  [[nodiscard]] bool has(std::string_view key) const { return object_.contains(key); }
  [[nodiscard]] std::string pointer(std::string_view key) const;

  void finish();

 private:
  const boost::json::value* find(std::string_view key);
  std::optional<std::size_t> index_of(std::string_view key,
                                      std::span<const std::string_view> names);

  const boost::json::object& object_;
  std::string path_;
  std::vector<FieldError>& errors_;
  std::vector<std::string_view> known_;
};

}  // namespace rocd
