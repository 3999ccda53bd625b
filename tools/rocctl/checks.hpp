// What `doctor` finds, and how it is shown.
#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

#include "rocctl/table.hpp"
#include "rocctl/target.hpp"

namespace rocctl {

enum class Grade { good, doubtful, bad };

struct Check {
  std::string name;
  Grade grade = Grade::good;
  std::string text{};
  std::string hint{};  // the remedy
};

using Checks = std::vector<Check>;

[[nodiscard]] std::string render_checks(const Checks& checks, const Style& style);   // (pure)
[[nodiscard]] boost::json::value checks_json(const Checks& checks, bool reachable);  // (pure)
[[nodiscard]] bool all_good(const Checks& checks);                                   // none is bad
[[nodiscard]] std::string names_of_bad(const Checks& checks);                        // a line each

// Known trouble of builds of Roc Toolkit. (pure)
[[nodiscard]] std::string fec_hint();
[[nodiscard]] std::string abort_hint();

// From GET /system, /readyz and /streams. (pure)
[[nodiscard]] Checks daemon_checks(const boost::json::value& system,
                                   const boost::json::value& ready,
                                   const boost::json::value& streams);

// On this computer, without a daemon.
[[nodiscard]] Checks local_checks(const Target& target);

}  // namespace rocctl
