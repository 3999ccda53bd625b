// The nodes and links that rocd made in PipeWire: each is a proxy, and lives as long as it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "device/pipewire/handles.hpp"
#include "device/recipe.hpp"

namespace rocd::pw {

class Objects {
 public:
  using Token = std::uint64_t;
  // Called from PipeWire callbacks; may not call back.
  struct Callbacks {
    std::function<void(Token, std::uint32_t global)> on_bound;
    std::function<void(Token, const std::string& reason)> on_gone;  // once; "" if it was removed
  };

  explicit Objects(Callbacks callbacks) : callbacks_(std::move(callbacks)) {}

  void create_node(pw_core* core, Token token, const Properties& properties);
  void create_link(pw_core* core, Token token, const Properties& properties);
  void destroy(Token token);  // not told by on_gone
  void bury();                // never from a PipeWire callback
  void clear();

 private:
  struct Object {
    Objects* owner = nullptr;
    Token token = 0;
    bool gone = false;
    ProxyHandle proxy;
    Hook hook;
  };
  void adopt(Token token, void* proxy);
  static void on_bound(void* self, std::uint32_t global);
  static void on_removed(void* self);
  static void on_error(void* self, int seq, int result, const char* message);
  static void lose(Object& object, const std::string& reason);

  Callbacks callbacks_;
  std::map<Token, std::unique_ptr<Object>> objects_;
};

}  // namespace rocd::pw
