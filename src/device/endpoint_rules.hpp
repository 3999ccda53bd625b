// What may be done to an endpoint, by whose it is: its own rules beyond model/validate. (pure)
#pragma once

#include <string>

#include "base/result.hpp"
#include "model/endpoint.hpp"

namespace rocd {

// Fills in what follows from the rest: display name and system name.
void complete(EndpointSpec& spec);

// "rocd.kitchen" sets the name "kitchen", if none is given. Errors: invalid_argument.
[[nodiscard]] Result<> take_name_from_system_name(EndpointSpec& spec);

[[nodiscard]] Result<> check_create(const EndpointSpec& spec);  // before it has name and uid
[[nodiscard]] Result<> check_valid(const EndpointSpec& spec);   // all of model/validate
[[nodiscard]] Result<> check_update(const EndpointSpec& old, const EndpointSpec& wanted);
[[nodiscard]] Result<> check_remove(const Endpoint& endpoint);

// One more, when there are so many virtual devices already.
[[nodiscard]] Result<> check_count(std::size_t virtual_devices);

[[nodiscard]] Error no_endpoint(const Uid& uid);
[[nodiscard]] Error uid_conflict(const Uid& uid);
[[nodiscard]] Error name_conflict(const std::string& name);
[[nodiscard]] Error device_absent(const Endpoint& endpoint);
[[nodiscard]] Error fallback_default(const EndpointSpec& spec);

}  // namespace rocd
