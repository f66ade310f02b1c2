// SPDX-License-Identifier: Apache-2.0
// Fallback: do the images of a destination that does not get through go another way just now?
//
// They do once it has been silent for the set time with something to carry, and no longer from the moment it answers
// again. It is asked again and again all the while, so that the way back needs nobody.
// Pure.
#pragma once

#include <optional>

#include "base/clock.h"

namespace sampan::policy {

// silent_for: how long the destination was given items, or is known to be down, without an answer about any of them;
// nothing when it answered last, or when it is not known to be down and owes nothing.
bool takes_detour(std::optional<Millis> silent_for, Millis after);
// When that will be so if the destination stays silent: from now; nothing when it is so already or may never be.
std::optional<Millis> detour_in(std::optional<Millis> silent_for, Millis after);

}  // namespace sampan::policy
