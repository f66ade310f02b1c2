// SPDX-License-Identifier: Apache-2.0
// By title: shows a destination each origin under a calling AE title of its own, over an association of its own.
//
// One courier for each title, made when it is first needed; the few used last keep their connections.
// A destination that refuses a title refuses that origin, not this node: what comes from it waits, is tried again ever
// more rarely, and the others go on. Said once in the log for each title.
// Threads: as core::Courier.
// Fails:   as the couriers it stands on.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/courier.h"

namespace sampan::uplink {

struct ByTitleOptions {
  std::string name;  // of the destination, for the log
  std::function<std::string(const core::Item&)> title_of;
  std::function<std::unique_ptr<core::Courier>(const std::string& title)> make_courier;
  const Clock& clock;  // outlives the courier
};

std::unique_ptr<core::Courier> make_by_title_courier(ByTitleOptions options);

}  // namespace sampan::uplink
