// SPDX-License-Identifier: Apache-2.0
// Samples: what is measured in one period, as one line of TELEMETRY.md.
//
// Values in, a line out. Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "telemetry/devices.h"
#include "telemetry/gauges.h"
#include "telemetry/outbox.h"

namespace sampan::telemetry {

// What the program is made of.
struct Build {
  std::string version, dcmtk, openssl;
};

struct Measured {
  const Gauges& gauges;
  const Devices& devices;
  Build build;
  std::string mount;
  std::int64_t period_s = 0;
  std::map<std::string, std::uint64_t> refused;    // associations by reason, "0x0103"
  std::map<std::string, std::uint64_t> set_aside;  // files of folders, by reason
  std::map<std::string, std::uint64_t> dropped;    // by kind
};

inline constexpr std::string_view does_not_verify = "what is stored does not verify";

std::string samples_line(const Measured& measured, const Outbox::Stamp& stamp);

}  // namespace sampan::telemetry
