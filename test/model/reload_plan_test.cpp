#include "model/reload_plan.hpp"

#include <catch2/catch_test_macros.hpp>

#include "model/endpoint.hpp"
#include "model/stream.hpp"

using namespace rocd;

namespace {

EndpointSpec endpoint(const std::string& name, std::uint64_t version = 1) {
  EndpointSpec spec;
  spec.uid = Uid::derive("test", "endpoint", name);
  spec.name = name;
  spec.version = version;
  spec.location = "rocd.yaml:3:5";
  return spec;
}

std::map<Uid, EndpointSpec> by_uid(const std::vector<EndpointSpec>& specs) {
  std::map<Uid, EndpointSpec> map;
  for (const auto& spec : specs) map[spec.uid] = spec;
  return map;
}

}  // namespace

TEST_CASE("a plan names what comes, what goes and what is not the same, and nothing else") {
  auto louder = endpoint("b");
  louder.volume = 0.5;
  const auto plan = plan_reload(by_uid({endpoint("a", 4), endpoint("b", 5), endpoint("c", 6)}),
                                {endpoint("a"), louder, endpoint("d")});
  const auto diff = plan.diff();
  CHECK(diff.added == std::vector<Uid>{endpoint("d").uid});
  CHECK(diff.changed == std::vector<Uid>{endpoint("b").uid});
  CHECK(diff.removed == std::vector<Uid>{endpoint("c").uid});
  CHECK(plan.changed.at(0).volume == 0.5);
}

TEST_CASE("the version of what changed grows by one, and what comes back is above what it had") {
  auto louder = endpoint("b");
  louder.volume = 0.5;
  CHECK(plan_reload(by_uid({endpoint("b", 5)}), {louder}).changed.at(0).version == 6);
  CHECK(plan_reload(by_uid({endpoint("b", 5)}), {louder}).version_floor == 6);
  CHECK(plan_reload(by_uid({endpoint("b", 5)}), {}).version_floor == 6);
  CHECK(plan_reload(by_uid({}), {endpoint("b", 6)}).added.at(0).version == 6);
  CHECK(plan_reload(by_uid({}), {endpoint("b", 6)}).version_floor == 6);
  CHECK(plan_reload(by_uid({endpoint("b", 5)}), {endpoint("b")}).version_floor == 1);
}

TEST_CASE("a line that was moved, or an order that is another one, is no change") {
  auto moved = endpoint("a");
  moved.location = "rocd.yaml:30:5";
  const auto plan =
      plan_reload(by_uid({endpoint("a", 2), endpoint("b", 2)}), {endpoint("b"), moved});
  CHECK(plan.added.empty());
  CHECK(plan.changed.empty());
  CHECK(plan.removed.empty());
}

TEST_CASE("streams are planned as endpoints are") {
  StreamSpec stream;
  stream.uid = Uid::derive("test", "stream", "s");
  auto robust = stream;
  robust.settings.profile = Profile::robust;
  const std::map<Uid, StreamSpec> current{{stream.uid, stream}};
  CHECK(plan_reload(current, {stream}).diff().changed.empty());
  CHECK(plan_reload(current, {robust}).diff().changed == std::vector<Uid>{stream.uid});
  CHECK(plan_reload(current, std::vector<StreamSpec>{}).removed == std::vector<Uid>{stream.uid});
}
