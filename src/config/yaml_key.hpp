// From the JSON pointers of model/validate to the keys of the YAML file. (pure)
#pragma once

#include <string>
#include <string_view>

namespace rocd {

// As an entry's origins have it: "/source/media_uri" -> "source.media", "/source/endpoint_uri" ->
// "source", "/settings/io_latency" -> "io_latency", "/settings/extra_args/2" -> "extra_args".
[[nodiscard]] std::string yaml_path(std::string_view pointer);

// Its last part, for people: "media".
[[nodiscard]] std::string yaml_key(std::string_view pointer);

}  // namespace rocd
