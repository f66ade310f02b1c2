// SPDX-License-Identifier: Apache-2.0
// Destinations: those the settings name, given to the scheduler, and exchanged while it runs.
//
// A destination that is carried to in the same way as before is not touched: its connections, its transfers and what it
// learned stay. One that is not gets new couriers and a fresh breaker; what it carries may arrive within a grace.
// Threads: the scheduler's.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "core/contact.h"
#include "core/courier.h"
#include "scheduler/scheduler.h"
#include "settings/settings.h"

namespace sampan::node {

// What carries to a destination, and what asks whether it is there.
struct Makers {
  std::function<std::unique_ptr<core::Courier>(const settings::Destination&)> courier;
  std::function<std::shared_ptr<core::Contact>(const settings::Destination&)> contact;
};

// The same but for what only says what is owed and when a copy may go, which couriers and lanes know nothing of.
bool carried_alike(const settings::Destination& one, settings::Destination other);

void add_destinations(scheduler::Scheduler& scheduler, const std::vector<settings::Destination>& all, const Makers& make);
void change_destinations(scheduler::Scheduler& scheduler, const std::vector<settings::Destination>& before,
                         const std::vector<settings::Destination>& after, const Makers& make);

}  // namespace sampan::node
