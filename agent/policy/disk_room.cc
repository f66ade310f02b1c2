// SPDX-License-Identifier: Apache-2.0
#include "policy/disk_room.h"

#include <algorithm>

#include "core/limits.h"

namespace sampan::policy {

namespace limits = core::limits;
using namespace std::chrono_literals;

std::uint64_t reclaimable_bytes(std::uint64_t kept_bytes, std::span<const Unproven> destinations) {
  if (destinations.empty()) return 0;  // owed to nobody: it stays
  std::uint64_t required = 0, optional = 0, for_one_required = 0;
  for (const Unproven& one : destinations) {
    (one.required ? required : optional) += one.bytes;
    if (one.required) for_one_required = std::max(for_one_required, one.here_bytes);
  }
  // At most so much is for no required destination, and waits for the others.
  const std::uint64_t for_none_required = kept_bytes - std::min(kept_bytes, for_one_required);
  return kept_bytes - std::min(kept_bytes, required + std::min(optional, for_none_required));
}

std::uint64_t usable_bytes(const DiskRoom& room) {
  const std::uint64_t bytes = room.free_bytes + room.reclaimable_bytes;
  return bytes - std::min<std::uint64_t>({bytes, limits::reserve_bytes, room.total_bytes / 20});
}

DiskState judge_disk(const DiskRoom& room, const DiskForecast& forecast, DiskState before) {
  if (room.total_bytes == 0) return DiskState::well;
  const auto less_than = [&](std::uint64_t percent) { return room.free_bytes / percent < room.total_bytes / 100; };
  if (less_than(limits::disk_critical_percent)) return DiskState::critical;
  const std::uint64_t least = limits::disk_low_percent + (before == DiskState::well ? 0 : limits::disk_ease_percent);
  const bool stays = room.owed_bytes > forecast.bytes_per_day / (24h / limits::disk_owed_least);
  const bool fills = stays && forecast.lasts && *forecast.lasts < Millis(limits::disk_forecast_least);
  return less_than(least) || fills ? DiskState::low : DiskState::well;
}

}  // namespace sampan::policy
