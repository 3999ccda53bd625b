// The configuration in force, and what a reload changed, as tables. (pure)
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "rocctl/table.hpp"

namespace rocctl {

struct ConfigRow {
  std::string key;  // "http.listen", "endpoints.kitchen.volume"
  std::string value, origin;
  bool is_default = false;
};

// From GET /system/config.
[[nodiscard]] std::vector<ConfigRow> config_rows(const boost::json::value& config,
                                                 bool changed_only);
[[nodiscard]] std::string render_config(const boost::json::value& config,
                                        const std::vector<ConfigRow>& rows, const Style& style);

// From POST /system/reload.
[[nodiscard]] std::string render_reload(const boost::json::value& report, const Style& style);

}  // namespace rocctl
