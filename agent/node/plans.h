// SPDX-License-Identifier: Apache-2.0
// Plans: what the settings mean to the modules: how cargo comes in, and when a payload may go.
//
// Decisions only; no clock.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "intake/dimse.h"
#include "intake/folder.h"
#include "queue/queue.h"
#include "settings/settings.h"

namespace sampan::node {

std::function<bool(std::span<const queue::DeliveryStanding>, bool space_is_short)> reclaim_by(const settings::Settings& settings);
// Is it proven by every required destination?
std::function<bool(std::span<const queue::DeliveryStanding>)> proven_by(const settings::Settings& settings);
intake::DimseIntakeOptions intake_options(const settings::Settings& settings, const std::string& identity);
std::vector<intake::FolderIntakeOptions> folder_options(const settings::Settings& settings);

}  // namespace sampan::node
