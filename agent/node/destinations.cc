// SPDX-License-Identifier: Apache-2.0
#include "node/destinations.h"

#include <algorithm>

#include "core/limits.h"

namespace sampan::node {
namespace {

// The same but for what only says what is owed and when a copy may go, which couriers and lanes know nothing of.
bool carried_alike(const settings::Destination& one, settings::Destination other) {
  other.reclaim_after = one.reclaim_after;
  other.retention_days = one.retention_days;
  other.required = one.required;
  other.takes = one.takes;
  return one == other;
}

bool stays(const settings::Destination& one, const std::vector<settings::Destination>& others) {
  return std::ranges::any_of(others, [&](const settings::Destination& other) { return carried_alike(one, other); });
}

void add(scheduler::Scheduler& scheduler, const settings::Destination& destination, const MakeCourier& make) {
  scheduler::DestinationSpec spec;
  spec.name = destination.name;
  spec.lanes = destination.lanes;
  spec.make_courier = [make, destination](unsigned) { return make(destination); };
  scheduler.add(std::move(spec));
}

}  // namespace

void add_destinations(scheduler::Scheduler& scheduler, const std::vector<settings::Destination>& all, const MakeCourier& make) {
  for (const auto& destination : all) add(scheduler, destination, make);
}

void change_destinations(scheduler::Scheduler& scheduler, const std::vector<settings::Destination>& before,
                         const std::vector<settings::Destination>& after, const MakeCourier& make) {
  for (const auto& destination : before)
    if (!stays(destination, after)) scheduler.remove(destination.name, core::limits::reload_grace);
  for (const auto& destination : after)
    if (!stays(destination, before)) add(scheduler, destination, make);
}

}  // namespace sampan::node
