// Server-sent events (WHATWG HTML, 9.2), as far as rocd writes them. (pure)
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace rocctl {

struct ServerEvent {
  std::string type = "message";
  std::string id;
  std::string data;
};

class EventParser {
 public:
  // Calls `sink` for each event that is complete now. Comments are skipped.
  void feed(std::string_view bytes, const std::function<void(const ServerEvent&)>& sink);

 private:
  void take_line(std::string_view line, const std::function<void(const ServerEvent&)>& sink);

  std::string partial_;
  ServerEvent event_;
  bool has_data_ = false;
};

}  // namespace rocctl
