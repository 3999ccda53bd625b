// Owners of PipeWire's C objects. None of them may be destroyed inside a PipeWire callback.
#pragma once

#include <pipewire/pipewire.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace rocd::pw {

template <auto Function>
struct Release {
  template <class T>
  void operator()(T* object) const noexcept {
    Function(object);
  }
};

using LoopHandle = std::unique_ptr<pw_loop, Release<pw_loop_destroy>>;
using ContextHandle = std::unique_ptr<pw_context, Release<pw_context_destroy>>;
using CoreHandle = std::unique_ptr<pw_core, Release<pw_core_disconnect>>;
// If the server still has the object, it is asked to let go of it: of an object that this client
// created that means its end, of a bound global only the end of the binding.
using ProxyHandle = std::unique_ptr<pw_proxy, Release<pw_proxy_destroy>>;

// A listener; detached when destroyed. Its address is registered, so it cannot move.
class Hook {
 public:
  Hook() = default;
  ~Hook() { remove(); }
  Hook(const Hook&) = delete;
  Hook& operator=(const Hook&) = delete;
  spa_hook* get() { return &hook_; }
  void remove() {
    if (hook_.link.next != nullptr) spa_hook_remove(&hook_);
    hook_ = {};
  }

 private:
  spa_hook hook_{};
};

// A dictionary for the length of a call.
class Dict {
 public:
  explicit Dict(const std::vector<std::pair<std::string, std::string>>& properties) {
    items_.reserve(properties.size());
    for (const auto& [key, value] : properties) items_.push_back({key.c_str(), value.c_str()});
    dict_.items = items_.data();
    dict_.n_items = static_cast<std::uint32_t>(items_.size());
  }
  [[nodiscard]] const spa_dict* get() const { return &dict_; }

 private:
  std::vector<spa_dict_item> items_;
  spa_dict dict_{};
};

inline std::string lookup(const spa_dict* dict, const char* key) {
  const char* value = dict == nullptr ? nullptr : spa_dict_lookup(dict, key);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace rocd::pw
