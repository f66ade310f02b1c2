// SPDX-License-Identifier: Apache-2.0
// Samples: what is measured in one period, as one line of TELEMETRY.md.
//
// Values in, a line out. Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "telemetry/devices.h"
#include "telemetry/gauges.h"
#include "telemetry/outbox.h"

namespace sampan::telemetry {

struct Measured {
  const Gauges& gauges;
  const Devices& devices;
  std::string version, mount;
  std::int64_t period_s = 0;
  std::optional<std::int64_t> disk_forecast_s;
  std::map<std::string, std::uint64_t> refused;  // associations by reason, "0x0103"
  std::map<std::string, std::uint64_t> dropped;  // by kind
};

std::string samples_line(const Measured& measured, const Outbox::Stamp& stamp);

}  // namespace sampan::telemetry
