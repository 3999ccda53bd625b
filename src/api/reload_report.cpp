#include "api/reload_report.hpp"

#include <boost/json/array.hpp>

#include "model/endpoint.hpp"
#include "model/stream.hpp"

namespace rocd {
namespace json = boost::json;

namespace {

template <class ToUri>
json::object diff_json(const ReloadDiff& diff, const ToUri& to_uri) {
  const auto uris = [&](const std::vector<Uid>& uids) {
    json::array list;
    for (const auto& uid : uids) list.push_back(json::string(to_uri(uid)));
    return list;
  };
  return {{"added", uris(diff.added)},
          {"changed", uris(diff.changed)},
          {"removed", uris(diff.removed)}};
}

json::array words(const std::vector<std::string>& keys) {
  json::array list;
  for (const auto& key : keys) list.push_back(json::string(key));
  return list;
}

}  // namespace

json::object to_json(const ReloadReport& report, const Uid& self) {
  return {{"file", report.file.string()},
          {"endpoints",
           diff_json(report.endpoints, [&](const Uid& uid) { return endpoint_uri(self, uid); })},
          {"streams", diff_json(report.streams, [](const Uid& uid) { return stream_uri(uid); })},
          {"values", words(report.values)},
          {"restart_needed", words(report.restart_needed)}};
}

}  // namespace rocd
