// A StreamEngine whose tools are always there and whose log is a small language of its own, so that
// a test says what a child reports. Plans are as the real engine's in all but the command line.
#pragma once

#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "stream/stream_engine.hpp"
#include "stream/stream_tuning.hpp"

namespace rocd::test {

class FakeStreamEngine final : public StreamEngine {
 public:
  FakeStreamEngine() {
    info_.id = "fake/1";
    info_.probed = info_.usable = true;
    for (const char* name : {"roc-send", "roc-recv"}) {
      ToolInfo tool;
      tool.name = name;
      tool.path = std::string("/fake/") + name;
      tool.version = "1";
      tool.fec = {FecScheme::rs8m, FecScheme::ldpc};
      tool.usable = true;
      info_.tools.push_back(tool);
    }
  }

  void set_info(EngineInfo info) {
    info_ = std::move(info);
    if (on_changed_) on_changed_();
  }
  int tool_checks = 0;
  void check_tools() override { ++tool_checks; }
  // Makes plan() fail; an empty message makes it work again.
  void refuse(std::string message) {
    refusal_ = std::move(message);
    if (on_changed_) on_changed_();
  }

  std::string server;  // sound_server()
  [[nodiscard]] std::string sound_server() const override { return server; }
  [[nodiscard]] const EngineInfo& info() const override { return info_; }
  void set_on_changed(std::function<void()> on_changed) override {
    on_changed_ = std::move(on_changed);
  }

  [[nodiscard]] Result<StreamPlan> plan(const StreamSpec& spec,
                                        const StreamDevices& devices) const override {
    if (!refusal_.empty()) {
      Error error;
      error.code = ErrorCode::unavailable;
      error.message = refusal_;
      error.hint = "install it";
      return error;
    }
    const auto* to = std::get_if<ExternalAddress>(&spec.destination);
    const auto& address = to != nullptr ? *to : std::get<ExternalAddress>(spec.source);
    StreamPlan plan;
    plan.request.argv = {path_of(to != nullptr ? "roc-send" : "roc-recv"),
                         to != nullptr ? devices.capture_node : devices.playback_node};
    for (const auto* uri : {&address.media, &address.repair, &address.control}) {
      if (*uri) plan.request.argv.push_back((*uri)->str());
    }
    plan.request.argv.emplace_back(to_string(spec.settings.profile));
    plan.request.environment = {"FAKE_STREAM_UID=" + spec.uid.str()};
    const auto tuning = resolve_tuning(spec.settings);
    plan.resolved = {info_.id,
                     plan.request.argv,
                     address.media,
                     address.repair,
                     address.control,
                     tuning.target_latency,
                     tuning.io_latency,
                     tuning.packet_length,
                     address.media ? fec_of(address.media->protocol) : FecScheme::none};
    return plan;
  }

  // "device", "main-loop", "binding rtp://…", "opened HOST PORT", "bind-failed HOST PORT",
  // "session-up ADDRESS", "session-down", "receiver yes|no", "latency E2E NETWORK",
  // "playback FINE MISSING [WARMING_UP]", "progress", "trouble TEXT", "error TEXT". Anything else
  // says nothing.
  [[nodiscard]] std::optional<EngineFact> parse(std::string_view line) const override {
    std::istringstream in{std::string(line)};
    std::string word, text;
    in >> word;
    if (word == "device") return FactDeviceOpened{};
    if (word == "main-loop") return FactMainLoop{};
    if (word == "session-down") return FactSessionDown{};
    if (word == "progress") return FactProgress{};
    if (word == "binding" && in >> text) {
      const auto uri = MediaUri::parse(text);
      if (uri) return FactBinding{interface_of(uri->protocol), *uri};
    }
    if (std::uint16_t port = 0; word == "opened" && in >> text >> port) {
      return FactPortOpened{text, port};
    } else if (word == "bind-failed" && in >> text >> port) {
      return FactBindFailed{text, port, true, "address already in use"};
    }
    if (word == "session-up" && in >> text) return FactSessionUp{text};
    if (word == "receiver" && in >> text) return FactReceiver{text == "yes"};
    if (double a = 0, b = 0; word == "latency" && in >> a >> b) {
      return FactLatency{a, b, std::nullopt, std::nullopt};
    }
    if (std::uint32_t packets = 0; word == "repaired" && in >> packets) return FactRepair{packets};
    if (std::uint32_t fine = 0, missing = 0; word == "playback" && in >> fine >> missing) {
      std::uint32_t warming_up = 0;
      in >> warming_up;
      return FactPlayback{fine, warming_up, missing};
    }
    if (word == "trouble" || word == "error") {
      std::getline(in >> std::ws, text);
      if (word == "error") return FactError{text};
      return FactTrouble{text};
    }
    return std::nullopt;
  }

  // What a child prints until it works.
  [[nodiscard]] static std::vector<std::string> working_lines(const ResolvedStream& resolved,
                                                              StreamKind kind) {
    std::vector<std::string> lines{"device"};
    if (kind == StreamKind::receive) {
      for (const auto* uri : {&resolved.media, &resolved.repair, &resolved.control}) {
        if (!*uri) continue;
        lines.push_back("binding " + (*uri)->str());
        lines.push_back("opened " + (*uri)->host + " " + std::to_string((*uri)->port));
      }
    }
    lines.emplace_back("main-loop");
    return lines;
  }

 private:
  [[nodiscard]] std::string path_of(const std::string& name) const {
    for (const auto& tool : info_.tools)
      if (tool.name == name) return tool.path;
    return "/fake/" + name;
  }

  EngineInfo info_;
  std::string refusal_;
  std::function<void()> on_changed_;
};

}  // namespace rocd::test
