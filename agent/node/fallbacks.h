// SPDX-License-Identifier: Apache-2.0
// Fallbacks: what the settings say about where the items of a destination go while it does not get through.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/courier.h"
#include "scheduler/needs.h"
#include "settings/settings.h"

namespace sampan::node {

// make: a courier to the destination given. Nothing where none is named.
std::optional<scheduler::DestinationSpec::Fallback> fallback_of(
    const settings::Destination& destination, const std::vector<settings::Destination>& all,
    std::function<std::unique_ptr<core::Courier>(const settings::Destination&)> make);

}  // namespace sampan::node
