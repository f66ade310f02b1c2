// SPDX-License-Identifier: Apache-2.0
#include "node/live.h"

#include <algorithm>

#include "node/plans.h"
#include "node/proof_view.h"
#include "node/routing.h"

namespace sampan::node {

struct Live::Plan {
  explicit Plan(settings::Settings s)
      : settings(std::move(s)), route(route_by(settings)), priority(priority_by(settings)), reclaim(reclaim_by(settings)), proven(proven_by(settings)) {}

  const settings::Settings settings;
  const std::function<std::vector<std::string>(const core::Item&)> route;
  const std::function<core::Priority(const core::Item&)> priority;  // empty: as the item came
  const std::function<bool(std::span<const queue::DeliveryStanding>, bool)> reclaim;
  const std::function<bool(std::span<const queue::DeliveryStanding>)> proven;
};

Live::Live(settings::Settings settings) : plan_(std::make_shared<const Plan>(std::move(settings))) {}

std::shared_ptr<const Live::Plan> Live::now() const {
  const std::lock_guard lock(mutex_);
  return plan_;
}

void Live::replace(settings::Settings settings) {
  auto plan = std::make_shared<const Plan>(std::move(settings));
  const std::lock_guard lock(mutex_);
  plan_.swap(plan);
}

std::shared_ptr<const settings::Settings> Live::settings() const {
  auto plan = now();
  const settings::Settings* of_it = &plan->settings;
  return {std::move(plan), of_it};
}

std::vector<std::string> Live::route(const core::Item& item) const { return now()->route(item); }

core::Priority Live::priority(const core::Item& item) const {
  const auto plan = now();
  return plan->priority ? plan->priority(item) : item.priority;
}

bool Live::may_reclaim(std::span<const queue::DeliveryStanding> standings, bool space_is_short) const {
  return now()->reclaim(standings, space_is_short);
}

bool Live::is_asked(const std::string& destination) const {
  const auto plan = now();
  const auto& all = plan->settings.destinations;
  const auto known = std::ranges::find(all, destination, &settings::Destination::name);
  return known == all.end() || can_prove(*known);
}

bool Live::proven(std::span<const queue::DeliveryStanding> standings) const { return now()->proven(standings); }

}  // namespace sampan::node
