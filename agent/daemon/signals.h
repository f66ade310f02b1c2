// SPDX-License-Identifier: Apache-2.0
// Signals: they wake the main thread at a place of its choosing and interrupt nothing else.
//
// Made before the first thread, whose children inherit the mask. SIGPIPE is ignored: a peer that hung up is an error
// code.
#pragma once

#include <csignal>
#include <optional>

#include "base/clock.h"

namespace sampan::daemon {

class Signals {
 public:
  Signals();
  // SIGTERM, SIGINT or SIGHUP; 0 when the time is over. Without a time it waits for ever.
  int wait(std::optional<Millis> time);

 private:
  sigset_t waited_{};
};

}  // namespace sampan::daemon
