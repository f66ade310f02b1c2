// SPDX-License-Identifier: Apache-2.0
// TelemetryBook: what the API needs from the node to answer for its devices and events. JSON, as telemetry makes it.
//
// Threads: called from the HTTP server's second thread.
#pragma once

#include <cstddef>
#include <string>

#include "base/clock.h"

namespace sampan::control {

class TelemetryBook {
 public:
  virtual ~TelemetryBook() = default;
  virtual std::string devices() = 0;
  // The newest, at most so many, since a moment.
  virtual std::string events(WallTime from, std::size_t most) = 0;
  virtual WallTime now() = 0;
};

}  // namespace sampan::control
