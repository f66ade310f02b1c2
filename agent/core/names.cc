// SPDX-License-Identifier: Apache-2.0
#include "core/item.h"
#include "core/outcome.h"
#include "core/prover.h"

namespace sampan::core {

std::string_view to_string(Priority priority) {
  switch (priority) {
    case Priority::emergency: return "emergency";
    case Priority::referral: return "referral";
    case Priority::routine: return "routine";
    case Priority::bulk: return "bulk";
  }
  return "unknown";
}

std::string_view to_string(Level level) { return level == Level::archived ? "archived" : "accepted"; }

std::string_view to_string(DeliveryState state) {
  switch (state) {
    case DeliveryState::waiting: return "waiting";
    case DeliveryState::on_hold: return "on_hold";
    case DeliveryState::delivered: return "delivered";
    case DeliveryState::rejected: return "rejected";
  }
  return "unknown";
}

std::string_view to_string(ProofWay way) {
  switch (way) {
    case ProofWay::unknown: return "unknown";
    case ProofWay::commitment: return "commitment";
    case ProofWay::query: return "query";
    case ProofWay::none: return "none";
  }
  return "unknown";
}

}  // namespace sampan::core
