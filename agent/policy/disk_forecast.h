// SPDX-License-Identifier: Apache-2.0
// Disk forecast: how long the disk takes images, at the rate they came lately and with nothing leaving.
//
// The worst case on purpose: it is what a person needs to know when the line is down.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.h"

namespace sampan::policy {

struct Intake {
  WallTime hour{};  // its begin
  std::uint64_t bytes = 0;
};

struct DiskForecast {
  std::uint64_t bytes_per_day = 0;
  std::optional<Millis> lasts{};  // absent: nothing came to judge by; at most lasts_most, which stands for longer
  bool guess = false;             // less than a day to judge by
};

inline constexpr Millis lasts_most{10LL * 365 * 86'400'000};  // beyond ten years nobody counts

// usable_bytes: until images are refused. The rate is that of the hours given, over at least a day and up to now.
DiskForecast forecast_disk(std::span<const Intake> hours, WallTime now, std::uint64_t usable_bytes);

}  // namespace sampan::policy
