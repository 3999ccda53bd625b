#include "config/take_over.hpp"

#include "config/settings.hpp"

namespace rocd {

TakeOver take_over(const Config& in_force, const Config& read) {
  TakeOver result{in_force, {}, {}};
  auto& config = result.config;
  config.file = read.file;
  config.loaded_at = read.loaded_at;
  config.endpoints = read.endpoints;
  config.streams = read.streams;
  for (const auto& setting : settings()) {
    const auto key = setting.path();
    const bool same = setting.same != nullptr ? setting.same(in_force, read)
                                              : setting.show(in_force) == setting.show(read);
    if (!same) (setting.take != nullptr ? result.changed : result.waiting).push_back(key);
    if (!same && setting.take == nullptr) continue;
    if (setting.take != nullptr) setting.take(config, read);
    const auto origin = read.origins.find(key);
    if (origin != read.origins.end())
      config.origins[key] = origin->second;
    else
      config.origins.erase(key);
  }
  return result;
}

}  // namespace rocd
