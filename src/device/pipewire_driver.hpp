// The DeviceDriver for PipeWire: carries the effects of the DeviceMachine to PipeWire and its facts
// back, in the reactor's thread. Decides nothing itself.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <string>

#include "device/device_driver.hpp"

namespace rocd {

class PipeWireDriver final : public DeviceDriver {
 public:
  struct Options {
    std::string remote = "pipewire-0";  // socket below the runtime directory, or its path
    Uid peer;                           // whose nodes are ours, also after a crash
  };
  // Throws std::system_error if libpipewire cannot be set up (modules missing).
  PipeWireDriver(const boost::asio::any_io_executor& executor, const Options& options);
  ~PipeWireDriver() override;

  void start(DeviceCallbacks callbacks) override;
  void ensure_device(const VirtualDevice& device) override;
  void remove_device(const Uid& uid) override;
  void ensure_link(const LinkRequest& link) override;
  void remove_link(const Uid& stream) override;
  [[nodiscard]] Result<> set_volume(const std::string& node_name, double volume,
                                    bool muted) override;
  [[nodiscard]] Result<> set_default(const std::string& node_name) override;
  [[nodiscard]] Result<> clear_default(const std::string& node_name) override;
  void check() override;
  [[nodiscard]] bool connected() const override;
  [[nodiscard]] std::string silence() const override;
  [[nodiscard]] bool session_manager_runs() const override;
  [[nodiscard]] std::string version() const override;
  void shutdown() override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rocd
