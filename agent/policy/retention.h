// SPDX-License-Identifier: Apache-2.0
// Retention: may the local copy of a payload go? (DESIGN, contract 4)
//
// It may when every required destination proved it: by a receipt `archived`, or, where a person chose to trust
// `accepted`, by that and its retention time. Where nothing is required, every destination counts as required. Of what
// a node of this program accepted only its `archived` counts: two that trusted each other would let go of the only copies. An item
// owed to nobody stays. Times are accumulated running time, so that a wrong wall clock deletes nothing.
#pragma once

#include <span>

#include "base/clock.h"
#include "core/outcome.h"

namespace sampan::policy {

// What a person trusts a destination to prove, and for how long to keep a copy where that is little.
struct Proof {
  core::Level reclaim_after = core::Level::archived;
  Millis retention{};  // counted from delivery; only used with `accepted`
};

struct DeliveryFacts {
  bool required = true;
  core::DeliveryState state = core::DeliveryState::waiting;
  core::Level level = core::Level::accepted;  // of the receipt, when delivered
  Millis delivered_for{};                     // running time since then
  Proof proof;
  bool by_node = false;                       // of this program: it says more when there is more to say
};

enum class Reclaim {
  keep,
  under_pressure,  // an optional destination is still owed it: only when the disk needs the room
  any_time
};

Reclaim reclaim(std::span<const DeliveryFacts> deliveries);

}  // namespace sampan::policy
