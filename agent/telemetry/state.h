// SPDX-License-Identifier: Apache-2.0
// State: devices, callers and open causes over a restart, as one small file.
//
// Threads: one.   Fails: a file that is missing or cannot be read is an empty state; nothing depends on it.
#pragma once

#include <cstdint>
#include <string>

#include "base/file.h"
#include "telemetry/alarms.h"
#include "telemetry/devices.h"

namespace sampan::telemetry {

struct Past {
  std::string version;    // that wrote it; empty: there was none
  bool stopped = false;   // in good order
  WallTime written{};
  std::uint64_t quarantined = 0;  // counted so far
  std::map<std::string, std::uint64_t> refused;    // associations by reason
  std::map<std::string, std::uint64_t> set_aside;  // files of folders, by reason
};

std::string write_state(const Past& past, const Devices& devices, const Alarms& alarms);
Past read_state(const std::string& text, Devices& devices, Alarms& alarms, MonoTime now);

}  // namespace sampan::telemetry
