// SPDX-License-Identifier: Apache-2.0
// Priority: the class an item travels in, chosen at the console by the AE title it was sent to.
#pragma once

#include <map>
#include <string>

#include "core/facts.h"
#include "core/item.h"

namespace sampan::policy {

using PriorityByTitle = std::map<std::string, core::Priority, std::less<>>;

// An unlisted or unknown called AE title is routine. Titles compare exactly, without padding (PS3.8 9.3.2).
core::Priority priority_of(const core::Facts& facts, const PriorityByTitle& by_called_ae);

}  // namespace sampan::policy
