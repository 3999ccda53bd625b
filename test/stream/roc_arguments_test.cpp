#include "stream/roc_arguments.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <map>

namespace rocd {
namespace {

using Arguments = std::vector<std::string>;

ExternalAddress address(const char* media, const char* repair = nullptr,
                        const char* control = nullptr) {
  ExternalAddress result;
  result.media = MediaUri::parse(media).value();
  if (repair != nullptr) result.repair = MediaUri::parse(repair).value();
  if (control != nullptr) result.control = MediaUri::parse(control).value();
  return result;
}

StreamSpec spec_with(Profile profile) {
  StreamSpec spec;
  spec.uid = Uid::derive("test", "stream", "a");
  spec.settings.profile = profile;
  return spec;
}

TEST_CASE("a sender of profile balanced with rs8m and rtcp") {
  const auto spec = spec_with(Profile::balanced);
  CHECK(roc_send_arguments("/usr/bin/roc-send", spec,
                           address("rtp+rs8m://192.168.1.20:10001", "rs8m://192.168.1.20:10002",
                                   "rtcp://192.168.1.20:10003"),
                           "rocd.kitchen", true, resolve_tuning(spec.settings)) ==
        Arguments{"/usr/bin/roc-send",
                  "-vv",
                  "--color=never",  //
                  "--input",
                  "pulse://rocd.kitchen.monitor",  //
                  "--source",
                  "rtp+rs8m://192.168.1.20:10001",  //
                  "--repair",
                  "rs8m://192.168.1.20:10002",  //
                  "--control",
                  "rtcp://192.168.1.20:10003",  //
                  "--packet-len",
                  "5ms",
                  "--nbsrc",
                  "10",
                  "--nbrpr",
                  "5",  //
                  "--io-latency",
                  "20ms",
                  "--resampler-profile",
                  "medium"});
}

TEST_CASE("a bare rtp sender from a microphone has no FEC options and no monitor") {
  auto spec = spec_with(Profile::low);
  spec.settings.resampler_profile = ResamplerProfile::low;
  CHECK(roc_send_arguments("roc-send", spec, address("rtp://10.0.0.1:1"), "alsa_input.usb", false,
                           resolve_tuning(spec.settings)) ==
        Arguments{"roc-send", "-vv", "--color=never", "--input", "pulse://alsa_input.usb",
                  "--source", "rtp://10.0.0.1:1", "--packet-len", "5ms", "--io-latency", "10ms",
                  "--frame-len", "5ms", "--resampler-profile", "low"});
}

TEST_CASE("a receiver of profile robust with ldpc") {
  const auto spec = spec_with(Profile::robust);
  CHECK(roc_recv_arguments("roc-recv", spec,
                           address("rtp+ldpc://0.0.0.0:10001", "ldpc://0.0.0.0:10002"),
                           "rocd.mic.feed", resolve_tuning(spec.settings)) ==
        Arguments{"roc-recv", "-vv", "--color=never", "--output", "pulse://rocd.mic.feed",
                  "--source", "rtp+ldpc://0.0.0.0:10001", "--repair", "ldpc://0.0.0.0:10002",
                  "--target-latency", "300ms", "--io-latency", "60ms", "--resampler-profile",
                  "medium"});
}

TEST_CASE("extra arguments come last, each as one argument") {
  auto spec = spec_with(Profile::balanced);
  spec.settings.extra_args = {"--beep", "--latency-tolerance=1s; rm -rf /"};
  const auto arguments = roc_recv_arguments("roc-recv", spec, address("rtp://0.0.0.0:1"), "x",
                                            resolve_tuning(spec.settings));
  REQUIRE(arguments.size() > 2);
  CHECK(arguments[arguments.size() - 2] == "--beep");
  CHECK(arguments.back() == "--latency-tolerance=1s; rm -rf /");
}

TEST_CASE("a node name cannot escape from the device address") {
  const auto spec = spec_with(Profile::balanced);
  const auto arguments = roc_recv_arguments("roc-recv", spec, address("rtp://0.0.0.0:1"),
                                            "we ird%/n?me#", resolve_tuning(spec.settings));
  CHECK(std::find(arguments.begin(), arguments.end(), "pulse://we%20ird%25%2Fn%3Fme%23") !=
        arguments.end());
}

GetEnvironment environment_of(std::map<std::string, std::string>& variables) {
  return [&variables](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

TEST_CASE("children see what leads to the sound server, and none of the daemon's other variables") {
  std::map<std::string, std::string> variables{
      {"PATH", "/usr/bin"},          {"HOME", "/home/a"},     {"XDG_RUNTIME_DIR", "/run/user/1000"},
      {"ROCD_HTTP_TOKEN", "secret"}, {"LD_PRELOAD", "/x.so"}, {"PULSE_PROP", "a=b"},
      {"PULSE_SINK", "other"}};
  CHECK(roc_base_environment(environment_of(variables)) ==
        Arguments{"LANG=C", "PATH=/usr/bin", "HOME=/home/a", "XDG_RUNTIME_DIR=/run/user/1000",
                  "PULSE_SERVER=unix:/run/user/1000/pulse/native"});
  variables["PULSE_SERVER"] = "unix:/else/native";
  const auto named = roc_base_environment(environment_of(variables));
  CHECK(std::count(named.begin(), named.end(), "PULSE_SERVER=unix:/else/native") == 1);
  CHECK(std::count_if(named.begin(), named.end(), [](const std::string& entry) {
          return entry.starts_with("PULSE_SERVER=");
        }) == 1);
}

TEST_CASE(
    "a stream's node has its uid, and may neither fall back to nor be moved to another device") {
  const auto uid = Uid::derive("test", "stream", "a");
  const auto properties = roc_node_properties(uid);
  CHECK(properties.starts_with("PULSE_PROP=node.name=rocd.stream." + uid.str() + " "));
  CHECK(properties.find(" rocd.stream.uid=" + uid.str() + " ") != std::string::npos);
  CHECK(properties.find(" node.dont-fallback=true ") != std::string::npos);
  CHECK(properties.find(" node.dont-move=true ") != std::string::npos);
  CHECK(properties.find(" node.dont-reconnect") == std::string::npos);
}

}  // namespace
}  // namespace rocd
