// SPDX-License-Identifier: Apache-2.0
#include "policy/fallback.h"

namespace sampan::policy {

bool takes_detour(std::optional<Millis> silent_for, Millis after) { return silent_for && *silent_for >= after; }

std::optional<Millis> detour_in(std::optional<Millis> silent_for, Millis after) {
  if (!silent_for || *silent_for >= after) return std::nullopt;
  return after - *silent_for;
}

}  // namespace sampan::policy
