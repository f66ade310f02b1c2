// SPDX-License-Identifier: Apache-2.0
// Routing: what the settings say about who is owed what, as questions the queue can ask.
//
// Threads: any; the answers are pure, with the local time zone.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/item.h"
#include "policy/routing.h"
#include "settings/settings.h"

namespace sampan::node {

std::vector<policy::Route> routes_of(const settings::Settings& settings);
std::vector<policy::Rule> rules_of(const settings::Settings& settings);
// The names of the destinations an item is owed to.
std::function<std::vector<std::string>(const core::Item&)> route_by(const settings::Settings& settings);
// The priority an item travels with; empty when no rule names one.
std::function<core::Priority(const core::Item&)> priority_by(const settings::Settings& settings);

}  // namespace sampan::node
