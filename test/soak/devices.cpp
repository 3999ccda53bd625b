// Virtual devices are made, become present in PipeWire, and are deleted.
#include <boost/json/array.hpp>
#include <set>

#include "soak/soak_part.hpp"

namespace rocd::test {
namespace {

namespace json = boost::json;

constexpr unsigned at_once = 8;

class DeviceSoak final : public SoakPart {
 public:
  explicit DeviceSoak(bool forgets) : forgets_(forgets) {}

  [[nodiscard]] std::string config() const override { return {}; }

  void run(SoakScene& scene, unsigned cycles) override {
    for (unsigned made = 0; made < cycles; made += at_once) make_some(scene);
  }

  [[nodiscard]] std::string done() const override {
    return std::to_string(present_) + " devices were present" +
           (forgets_ ? "" : " and were deleted");
  }

 private:
  // A quarter are sources for applications: two nodes and links between them. No name comes twice.
  void make_some(SoakScene& scene) {
    auto& rest = scene.rest();
    std::set<std::string> paths;
    for (unsigned i = 0; i < at_once; ++i) {
      const json::object body{{"stream_direction", i % 3 == 2 ? "input" : "output"},
                              {"display_name", "Device " + std::to_string(++named_)}};
      paths.emplace(rest.post("/peers/self/endpoints", body).at("endpoint_uri").as_string());
    }
    scene.wait("the devices do not come", [&] { return count_present(rest, paths) == at_once; });
    present_ += at_once;
    if (forgets_) return;
    for (const auto& path : paths) rest.remove(path);
  }

  static std::size_t count_present(RestClient& rest, const std::set<std::string>& paths) {
    std::size_t count = 0;
    const auto endpoints = rest.get("/peers/self/endpoints");
    for (const auto& endpoint : endpoints.as_array())
      count += paths.contains(std::string(endpoint.at("endpoint_uri").as_string())) &&
               state_in(endpoint) == "present";
    return count;
  }

  bool forgets_;
  unsigned named_ = 0, present_ = 0;
};

}  // namespace

std::unique_ptr<SoakPart> make_device_soak() {
  return std::make_unique<DeviceSoak>(false);
}

std::unique_ptr<SoakPart> make_forgetful_soak() {
  return std::make_unique<DeviceSoak>(true);
}

}  // namespace rocd::test
