// The parts of the soak: each does one thing so often that what it leaves behind must show.
#pragma once

#include <boost/json/object.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "soak/soak_scene.hpp"

namespace rocd::test {

class SoakPart {
 public:
  SoakPart() = default;
  virtual ~SoakPart() = default;
  SoakPart(const SoakPart&) = delete;
  SoakPart& operator=(const SoakPart&) = delete;

  [[nodiscard]] virtual std::string config() const = 0;  // YAML for SoakScene
  [[nodiscard]] virtual std::string token() const { return {}; }
  virtual void prepare(SoakScene&) {}
  // So many cycles, or a few more; what they have made is gone again when it returns, and what was
  // there before is there. Throws if one does not do what it should.
  virtual void run(SoakScene& scene, unsigned cycles) = 0;
  // What was done up to now, counted by what has happened.
  [[nodiscard]] virtual std::string done() const = 0;
};

struct SoakKind {
  const char* name;
  unsigned cycles, brief_cycles;
  std::unique_ptr<SoakPart> (*make)();
};

[[nodiscard]] const std::vector<SoakKind>& soak_kinds();

// For those who define parts.
[[nodiscard]] std::unique_ptr<SoakPart> make_device_soak();
[[nodiscard]] std::unique_ptr<SoakPart> make_stream_soak();
[[nodiscard]] std::unique_ptr<SoakPart> make_crash_soak();
[[nodiscard]] std::unique_ptr<SoakPart> make_request_soak();
[[nodiscard]] std::unique_ptr<SoakPart> make_reconnect_soak();
// As devices, but nothing is deleted: shows that the soak notices.
[[nodiscard]] std::unique_ptr<SoakPart> make_forgetful_soak();

// "endpoints:" with the virtual devices speaker-1 … and microphone-1 ….
[[nodiscard]] std::string soak_devices(int pairs);
// The paths of the endpoints that soak_devices() has made, by name ("speaker-1").
[[nodiscard]] std::map<std::string, std::string> soak_device_paths(RestClient& rest);
// Bodies of POST /streams: to an address (nobody listens at the discard port, and a sender does not
// mind), from an address (empty: rocd chooses the ports), between two devices.
[[nodiscard]] boost::json::object sending_stream(const std::string& from,
                                                 const std::string& to = "rtp://127.0.0.1:9");
[[nodiscard]] boost::json::object receiving_stream(const std::string& to,
                                                   const std::string& from = {});
[[nodiscard]] boost::json::object local_stream(const std::string& from, const std::string& to);
// "running"
[[nodiscard]] std::string state_in(const boost::json::value& resource);

}  // namespace rocd::test
