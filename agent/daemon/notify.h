// SPDX-License-Identifier: Apache-2.0
// Notifier: tells the service manager how we are, by the protocol of sd_notify(3). Without a manager it does nothing.
//
// Fails:   never; a manager that does not listen is no reason to stop carrying images.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace sampan::daemon {

class Notifier {
 public:
  // The values of NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID; empty when not set.
  struct Manager {
    std::string socket, watchdog_usec, watchdog_pid;
  };
  static Manager from_environment();

  explicit Notifier(Manager manager);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  // "READY=1", "STOPPING=1", "WATCHDOG=1"
  void tell(std::string_view state) const;
  // How often the manager wants to hear WATCHDOG=1: twice in its interval. Nothing when it does not watch us.
  std::optional<Millis> watchdog_every() const { return watchdog_every_; }

 private:
  const Manager manager_;
  int fd_ = -1;
  std::optional<Millis> watchdog_every_;
};

}  // namespace sampan::daemon
