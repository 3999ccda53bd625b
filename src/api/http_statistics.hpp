// How many requests were answered how, and how long their handlers took. Routes are patterns of the
// router, so that the number of series is bounded whatever clients ask for.
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "api/http.hpp"
#include "base/histogram.hpp"

namespace rocd {

class HttpStatistics {
 public:
  struct Key {
    std::string method, route;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  void count(Method method, std::string_view route, int code, Duration took) {
    const Key key{std::string(to_string(method)), std::string(route.empty() ? "none" : route)};
    ++requests_[{key, code}];
    durations_[key].record(took);
  }

  [[nodiscard]] const std::map<std::pair<Key, int>, std::uint64_t>& requests() const {
    return requests_;
  }
  [[nodiscard]] const std::map<Key, DurationHistogram>& durations() const { return durations_; }

 private:
  std::map<std::pair<Key, int>, std::uint64_t> requests_;
  std::map<Key, DurationHistogram> durations_;
};

}  // namespace rocd
