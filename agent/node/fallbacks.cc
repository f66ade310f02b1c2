// SPDX-License-Identifier: Apache-2.0
#include "node/fallbacks.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "node/windows.h"

namespace sampan::node {

std::optional<scheduler::DestinationSpec::Fallback> fallback_of(
    const settings::Destination& destination, const std::vector<settings::Destination>& all,
    std::function<std::unique_ptr<core::Courier>(const settings::Destination&)> make) {
  const auto& wanted = destination.fallback;
  const auto other = std::ranges::find(all, wanted.to, &settings::Destination::name);
  if (wanted.to.empty() || other == all.end()) return std::nullopt;
  scheduler::DestinationSpec::Fallback fallback{wanted.to, std::chrono::minutes(wanted.after_minutes), other->lanes, {}, windows_of(*other)};
  fallback.make_courier = [make = std::move(make), to = *other](unsigned) { return make(to); };
  return fallback;
}

}  // namespace sampan::node
