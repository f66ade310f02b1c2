// SPDX-License-Identifier: Apache-2.0
#include "policy/disk_forecast.h"

#include <algorithm>

namespace sampan::policy {

DiskForecast forecast_disk(std::span<const Intake> hours, WallTime now, std::uint64_t usable_bytes) {
  constexpr double day_ms = 86'400'000.0;
  double bytes = 0;
  std::int64_t first = now.ms;
  for (const Intake& hour : hours) {
    bytes += static_cast<double>(hour.bytes);
    first = std::min(first, hour.hour.ms);
  }
  DiskForecast forecast;
  const double per_day = bytes / std::max(static_cast<double>(now.ms - first) / day_ms, 1.0);
  forecast.bytes_per_day = static_cast<std::uint64_t>(per_day);
  constexpr auto longest_ms = static_cast<double>(lasts_most.count());
  forecast.guess = per_day > 0 && static_cast<double>(now.ms - first) < day_ms;
  if (per_day > 0) forecast.lasts = Millis(static_cast<std::int64_t>(std::min(static_cast<double>(usable_bytes) / per_day * day_ms, longest_ms)));
  return forecast;
}

}  // namespace sampan::policy
