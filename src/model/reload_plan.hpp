// What a configuration that was read anew changes: which entries come, go, and are not the same.
// Decides versions, too. Does not judge whether the change is allowed. (pure)
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

#include "base/result.hpp"
#include "base/uid.hpp"

namespace rocd {

struct ReloadDiff {
  std::vector<Uid> added, changed, removed;
};

// Why an entry cannot be taken over. entry: empty if it is about none of the new file.
struct ReloadConflict {
  Uid entry;
  FieldError error;
};

// Spec: EndpointSpec or StreamSpec.
template <class Spec>
struct ReloadPlan {
  std::vector<Spec> added, changed;  // as they will be in force
  std::vector<Uid> removed;
  // No entry that comes back later, or is read at the next start, may have a lower one.
  std::uint64_t version_floor = 1;

  [[nodiscard]] ReloadDiff diff() const {
    ReloadDiff diff{{}, {}, removed};
    for (const auto& spec : added) diff.added.push_back(spec.uid);
    for (const auto& spec : changed) diff.changed.push_back(spec.uid);
    return diff;
  }
};

// A line that moved is no change.
template <class Spec>
[[nodiscard]] bool same_entry(Spec a, const Spec& b) {
  a.location = b.location;
  a.version = b.version;
  return a == b;
}

// Both as they are in force, with overrides. The versions of `wanted` count for new entries only.
template <class Spec>
[[nodiscard]] ReloadPlan<Spec> plan_reload(const std::map<Uid, Spec>& current,
                                           std::vector<Spec> wanted) {
  ReloadPlan<Spec> plan;
  const auto raise = [&](std::uint64_t version) {
    plan.version_floor = std::max(plan.version_floor, version);
  };
  for (const auto& [uid, old] : current) {
    const bool stays = std::ranges::find(wanted, uid, &Spec::uid) != wanted.end();
    if (stays) continue;
    plan.removed.push_back(uid);
    raise(old.version + 1);
  }
  for (auto& spec : wanted) {
    const auto old = current.find(spec.uid);
    if (old != current.end() && same_entry(old->second, spec)) continue;
    if (old != current.end()) spec.version = old->second.version + 1;
    raise(spec.version);
    auto& list = old != current.end() ? plan.changed : plan.added;
    list.push_back(std::move(spec));
  }
  return plan;
}

}  // namespace rocd
