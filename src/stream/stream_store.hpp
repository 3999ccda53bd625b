// Stream specs and overrides on disk: what a stored item looks like. Decides nothing else.
#pragma once

#include <map>
#include <vector>

#include "base/result.hpp"
#include "model/stream.hpp"
#include "store/store.hpp"

namespace rocd {

class StreamStore {
 public:
  StreamStore(Uid self, Store& store) : self_(std::move(self)), store_(store) {}

  // Unreadable items (written by a defect or a later version) are logged and left alone.
  [[nodiscard]] Result<std::vector<StreamSpec>> load();
  [[nodiscard]] Result<> put(const StreamSpec& spec);
  [[nodiscard]] Result<> remove(const Uid& uid);

  // Of configured streams: what a person changed at run time.
  struct Override {
    bool enabled = true;
    std::uint64_t version = 1;
  };
  [[nodiscard]] Result<std::map<Uid, Override>> load_overrides();
  [[nodiscard]] Result<> put_override(const Uid& uid, Override change);

 private:
  Uid self_;
  Store& store_;
};

}  // namespace rocd
