// Endpoints in the store: whole specs of those made over REST, and what was changed at run time of
// those of the configuration file.
#pragma once

#include <map>
#include <vector>

#include "base/result.hpp"
#include "model/endpoint.hpp"
#include "store/store.hpp"

namespace rocd {

class EndpointStorage {
 public:
  // store outlives it.
  EndpointStorage(const Uid& self, Store& store) : self_(self), store_(store) {}

  // What cannot be read (a newer rocd wrote it) is logged, left out, and left in the store.
  [[nodiscard]] Result<std::vector<EndpointSpec>> load_specs();

  struct Override {
    double volume = 1.0;
    bool muted = false;
    bool is_default = false;
    std::uint64_t version = 1;
  };
  [[nodiscard]] Result<std::map<Uid, Override>> load_overrides();

  [[nodiscard]] Result<> put(const EndpointSpec& spec);  // as spec or override, by its origin
  [[nodiscard]] Result<> remove(const EndpointSpec& spec);

 private:
  Uid self_;
  Store& store_;
};

}  // namespace rocd
