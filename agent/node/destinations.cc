// SPDX-License-Identifier: Apache-2.0
#include "node/destinations.h"

#include <algorithm>

#include "core/limits.h"
#include "node/fallbacks.h"
#include "node/windows.h"

namespace sampan::node {
bool carried_alike(const settings::Destination& one, settings::Destination other) {
  other.reclaim_after = one.reclaim_after;
  other.retention_days = one.retention_days;
  other.required = one.required;
  other.takes = one.takes;
  return one == other;
}

namespace {

using Destinations = std::vector<settings::Destination>;

const settings::Destination* find(const Destinations& all, const std::string& name) {
  const auto found = std::ranges::find(all, name, &settings::Destination::name);
  return found == all.end() ? nullptr : &*found;
}

// Its lanes may stay: it is carried alike, and so is the one it goes by when it does not get through.
bool stays(const settings::Destination& one, const Destinations& mine, const Destinations& others) {
  const settings::Destination* other = find(others, one.name);
  if (other == nullptr || !carried_alike(one, *other)) return false;
  const settings::Destination *by = find(mine, one.fallback.to), *other_by = find(others, one.fallback.to);
  return by == nullptr || other_by == nullptr ? by == other_by : carried_alike(*by, *other_by);
}

void add(scheduler::Scheduler& scheduler, const settings::Destination& destination, const Destinations& all, const Makers& make) {
  scheduler::DestinationSpec spec;
  spec.name = destination.name;
  spec.lanes = destination.lanes;
  spec.make_courier = [make = make.courier, destination](unsigned) { return make(destination); };
  spec.make_contact = [make = make.contact, destination] { return make(destination); };
  spec.windows = windows_of(destination);
  spec.fallback = fallback_of(destination, all, make.courier);
  scheduler.add(std::move(spec));
}

}  // namespace

void add_destinations(scheduler::Scheduler& scheduler, const std::vector<settings::Destination>& all, const Makers& make) {
  for (const auto& destination : all) add(scheduler, destination, all, make);
}

void change_destinations(scheduler::Scheduler& scheduler, const std::vector<settings::Destination>& before,
                         const std::vector<settings::Destination>& after, const Makers& make) {
  for (const auto& destination : before)
    if (!stays(destination, before, after)) scheduler.remove(destination.name, core::limits::reload_grace);
  for (const auto& destination : after)
    if (!stays(destination, after, before)) add(scheduler, destination, after, make);
}

}  // namespace sampan::node
