// Open-ended responses (events, logs) and who reads them: one whose caller may no longer do what it
// could when it was opened ends. Every other request is judged by itself. (pure)
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "api/http.hpp"
#include "model/access_token.hpp"

namespace rocd {

class OpenReaders final {
 public:
  // What a request may now; none: nothing.
  using Judge = std::function<Role(const HttpRequest&)>;

  // `response` is open-ended, and was given to a caller of this role.
  void add(const HttpRequest& request, Role role, HttpResponse& response);

  // Ends each reader whose role has become smaller; gives how many.
  std::size_t review(const Judge& judge);

 private:
  struct Reader;
  class Chunks;

  std::vector<std::weak_ptr<Reader>> readers_;  // responses own them
};

}  // namespace rocd
