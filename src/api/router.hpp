// Finds the handler of a request and checks what every route shares: path, method, the caller's
// role, query names, Content-Type, JSON. Decides 401, 403, 404, 405, 415, 400 and OPTIONS; HEAD is
// GET without its body, which the server leaves out. A trailing slash is another path. (pure)
#pragma once

#include <boost/json/value.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/http.hpp"
#include "model/access_token.hpp"

namespace rocd {

enum class BodyKind {
  none,         // ignored, except that POST refuses one that says something
  json,         // application/json
  merge_patch,  // application/merge-patch+json or application/json
};

// A request as its handler gets it.
struct Call {
  const HttpRequest& request;
  std::map<std::string, std::string, std::less<>> arguments;  // of the path: "stream_uid"
  boost::json::value body;

  [[nodiscard]] const std::string& argument(std::string_view name) const;
  // nullptr if the query has no such parameter.
  [[nodiscard]] const std::string* query(std::string_view name) const;
};

class Router {
 public:
  using Handler = std::function<HttpResponse(const Call&)>;

  struct Route {
    Method method = Method::get;
    std::string pattern;  // "/streams/{stream_uid}", as in openapi/rocd.yaml
    BodyKind body = BodyKind::none;
    std::vector<std::string> query;  // names that it knows; others are a 422
    Handler handler;
    std::optional<Role> role{};  // of who may; see required_role()
  };

  // A route that says nothing of it is read by viewers and changed by admins: one that is new and
  // forgotten lets nobody in who should stay out.
  [[nodiscard]] static Role required_role(const Route& route) {
    return route.role.value_or(route.method == Method::get ? Role::viewer : Role::admin);
  }

  void add(Route route);
  // Said as the hint of a 405 at this pattern.
  void explain(std::string pattern, std::string hint) {
    hints_[std::move(pattern)] = std::move(hint);
  }

  [[nodiscard]] HttpResponse dispatch(const HttpRequest& request, Role caller) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  [[nodiscard]] HttpResponse run(const Route& route, Call& call) const;

  std::vector<Route> routes_;
  std::map<std::string, std::string> hints_;
};

}  // namespace rocd
