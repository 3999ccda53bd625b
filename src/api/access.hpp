// Decides whether a request may come from where it says it comes from: Host (DNS rebinding) and
// Origin (cross-site requests of a browser). Who the caller is, authentication.hpp decides. (pure)
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http.hpp"
#include "api/problem.hpp"
#include "config/config.hpp"

namespace rocd {

struct AccessRules {
  std::vector<std::string> host_names;  // besides localhost and IP addresses; lower case
};

// Names under which this computer may be asked: the listen host, the host name and its ".local".
[[nodiscard]] AccessRules access_rules(std::string_view listen_host, std::string_view host_name);

// nullopt: let it pass. An IP address as Host is always right: DNS rebinding needs a name. `http`
// may allow more names and origins.
[[nodiscard]] std::optional<HttpProblem> check_access(const HttpRequest& request,
                                                      const AccessRules& rules,
                                                      const HttpConfig& http);

}  // namespace rocd
