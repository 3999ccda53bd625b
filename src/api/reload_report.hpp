// What reading the configuration anew changed, and the seam by which the API asks for it.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "model/reload_plan.hpp"

namespace rocd {

struct ReloadReport {
  std::filesystem::path file;
  ReloadDiff endpoints, streams;
  std::vector<std::string> values;          // keys of settings: "log.level"
  std::vector<std::string> restart_needed;  // of which the former value stays in force
};

// self: of the endpoints' URIs.
[[nodiscard]] boost::json::object to_json(const ReloadReport& report, const Uid& self);

// Errors change nothing: conflict (there is no file), invalid_argument (fields: a place in the file
// and what is wrong there), io.
using ReloadConfiguration = std::function<Result<ReloadReport>()>;

}  // namespace rocd
