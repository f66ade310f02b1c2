// SPDX-License-Identifier: Apache-2.0
// Back-off: how long to wait before the next try. Capped exponential with full jitter, so that a hundred clinics that
// lost the same hospital do not come back in one second.
//
// Pure: the caller brings the count of failures and the random number.
#pragma once

#include <optional>

#include "base/clock.h"

namespace sampan::policy {

struct BackOff {
  Millis least{};  // of every wait
  Millis most{};   // of every wait, whatever the peer wishes
};

// After `failures` failures in a row (1 and up): uniform in [least, min(most, least * 2^failures)].
// unit: uniform in [0, 1).
Millis back_off(const BackOff& bounds, unsigned failures, double unit);

// The same, but no earlier than the peer wished, as far as most allows.
Millis back_off(const BackOff& bounds, unsigned failures, double unit, std::optional<Millis> wish);

// What is left of a wait that was stored as a wall time, never more than most: a clock that jumped cannot hide an item.
// Ask once, when the time is read back, and count the answer down on the monotonic clock; asked again and again
// against a wall clock that is wrong it would never reach zero.
Millis wait_left(WallTime not_before, WallTime now, Millis most);

}  // namespace sampan::policy
