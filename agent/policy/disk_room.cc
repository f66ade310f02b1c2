// SPDX-License-Identifier: Apache-2.0
#include "policy/disk_room.h"

#include <algorithm>

#include "core/limits.h"
#include "policy/disk_forecast.h"

namespace sampan::policy {

namespace limits = core::limits;

namespace {

using namespace std::chrono_literals;

constexpr Millis noted_every = 10min;
constexpr Millis judged_after = 1h;

}  // namespace

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

DiskState judge_disk(const DiskRoom& room, std::optional<Millis> full_in, DiskState before) {
  if (room.total_bytes == 0) return DiskState::well;
  const auto less_than = [&](std::uint64_t percent) { return room.free_bytes / percent < room.total_bytes / 100; };
  if (less_than(limits::disk_critical_percent)) return DiskState::critical;
  const std::uint64_t least = limits::disk_low_percent + (before == DiskState::well ? 0 : limits::disk_ease_percent);
  const bool fills = full_in && *full_in < Millis(limits::disk_forecast_least);
  return less_than(least) || fills ? DiskState::low : DiskState::well;
}

void DiskTrend::note(std::uint64_t usable_bytes, MonoTime now) {
  last_ = {now, usable_bytes};
  if (seen_.empty() || now - seen_.back().at >= noted_every) seen_.push_back(last_);
  while (now - seen_.front().at > Millis(limits::disk_trend_time)) seen_.pop_front();
}

std::optional<Millis> DiskTrend::full_in() const {
  if (seen_.empty() || last_.at - seen_.front().at < judged_after) return std::nullopt;
  const auto then = static_cast<double>(seen_.front().bytes), left = static_cast<double>(last_.bytes);
  const double per_ms = (then - left) / static_cast<double>((last_.at - seen_.front().at).count());
  if (per_ms <= 0.001) return std::nullopt;  // a byte a second
  return Millis(static_cast<std::int64_t>(std::min(left / per_ms, static_cast<double>(lasts_most.count()))));
}

}  // namespace sampan::policy
