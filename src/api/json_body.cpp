#include "api/json_body.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <cmath>
#include <string>
#include <unordered_set>
#include <vector>

#include "api/http.hpp"
#include "model/json_text.hpp"

namespace rocd {
namespace json = boost::json;

namespace {

// Follows the parser only to know where it is and which keys each open object has had.
class KeyHandler {
 public:
  static constexpr std::size_t max_object_size = 4096;
  static constexpr std::size_t max_array_size = 16384;
  static constexpr std::size_t max_key_size = 4096;
  static constexpr std::size_t max_string_size = 262144;

  std::vector<FieldError> duplicates;

  using code = boost::system::error_code;
  bool on_document_begin(code&) { return true; }
  bool on_document_end(code&) { return true; }
  bool on_object_begin(code&) { return open(false); }
  bool on_object_end(std::size_t, code&) { return close(); }
  bool on_array_begin(code&) { return open(true); }
  bool on_array_end(std::size_t, code&) { return close(); }
  bool on_key_part(json::string_view part, std::size_t, code&) {
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(json::string_view part, std::size_t, code&) {
    key_.append(part.data(), part.size());
    auto& level = levels_.back();
    level.token = std::exchange(key_, {});
    if (!level.keys.insert(level.token).second && duplicates.size() < 16) {
      duplicates.push_back({pointer(), "key appears twice"});
    }
    return true;
  }
  bool on_string_part(json::string_view, std::size_t, code&) { return true; }
  bool on_string(json::string_view, std::size_t, code&) { return count(); }
  bool on_number_part(json::string_view, code&) { return true; }
  bool on_int64(std::int64_t, json::string_view, code&) { return count(); }
  bool on_uint64(std::uint64_t, json::string_view, code&) { return count(); }
  bool on_double(double number, json::string_view, code& error) {
    if (std::isfinite(number)) return count();
    error = json::error::exponent_overflow;
    return false;
  }
  bool on_bool(bool, code&) { return count(); }
  bool on_null(code&) { return count(); }
  bool on_comment_part(json::string_view, code&) { return true; }
  bool on_comment(json::string_view, code&) { return true; }

 private:
  struct Level {
    bool is_array = false;
    std::size_t index = 0;
    std::string token;
    std::unordered_set<std::string> keys;
  };

  bool open(bool is_array) {
    levels_.push_back({is_array, 0, {}, {}});
    return true;
  }
  bool close() {
    levels_.pop_back();
    return count();
  }
  bool count() {
    if (!levels_.empty()) ++levels_.back().index;
    return true;
  }
  std::string pointer() const {  // RFC 6901
    std::string text;
    for (const auto& level : levels_) {
      text += '/';
      if (level.is_array) {
        text += std::to_string(level.index);
        continue;
      }
      for (const char c : level.token) {
        if (c == '~')
          text += "~0";
        else if (c == '/')
          text += "~1";
        else
          text += c;
      }
    }
    return text;
  }

  std::vector<Level> levels_;
  std::string key_;
};

Error broken(std::string_view text, std::size_t offset, const boost::system::error_code& code) {
  offset = std::min(offset, text.size());
  const auto before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto column = offset - (before.rfind('\n') == before.npos ? 0 : before.rfind('\n') + 1) + 1;
  std::string what = code.message();
  if (code == json::error::incomplete) what = "it ends too early";
  if (code == json::error::extra_data) what = "something follows the JSON value";
  if (code == json::error::exponent_overflow) what = "a number is too large";
  if (code == json::error::too_deep) {
    what = "nested deeper than " + std::to_string(kMaxJsonDepth) + " levels";
  }
  return {ErrorCode::malformed,
          "the body is not JSON: " + what,
          "line " + std::to_string(line) + ", column " + std::to_string(column) + ", offset " +
              std::to_string(offset),
          {},
          {}};
}

}  // namespace

Result<json::value> parse_json_body(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == text.npos) {
    return Error{ErrorCode::malformed, "the body is empty, a JSON object is expected", {}, {}, {}};
  }
  json::parse_options options = exact_numbers;
  options.max_depth = kMaxJsonDepth;
  json::basic_parser<KeyHandler> parser(options);
  boost::system::error_code code;
  const auto consumed = parser.write_some(false, text.data(), text.size(), code);
  if (!code && consumed < text.size()) code = json::error::extra_data;
  if (code) return broken(text, consumed, code);
  if (auto& duplicates = parser.handler().duplicates; !duplicates.empty()) {
    return Error{ErrorCode::malformed, "a key of the JSON body appears twice", {}, {}, duplicates};
  }
  auto value = json::parse(text, code, {}, options);
  if (code) return broken(text, text.size(), code);
  return value;
}

}  // namespace rocd
