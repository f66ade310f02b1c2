// SPDX-License-Identifier: Apache-2.0
#include "policy/retention.h"

#include <algorithm>

namespace sampan::policy {
namespace {

bool proven(const DeliveryFacts& delivery) {
  if (delivery.state != core::DeliveryState::delivered) return false;
  if (delivery.level == core::Level::archived) return true;
  return delivery.proof.reclaim_after == core::Level::accepted && !delivery.by_node && delivery.delivered_for >= delivery.proof.retention;
}

}  // namespace

Reclaim reclaim(std::span<const DeliveryFacts> deliveries) {
  if (deliveries.empty()) return Reclaim::keep;
  if (std::ranges::all_of(deliveries, proven)) return Reclaim::any_time;
  const auto required = [](const DeliveryFacts& d) { return d.required; };
  const bool required_proven =
      std::ranges::all_of(deliveries, [&](const auto& d) { return !required(d) || proven(d); });
  return std::ranges::any_of(deliveries, required) && required_proven ? Reclaim::under_pressure : Reclaim::keep;
}

}  // namespace sampan::policy
