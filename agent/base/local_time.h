// SPDX-License-Identifier: Apache-2.0
// Local time: the time zone of the machine, for what people write as a time of day.
//
// Threads: any.   Fails: never; a moment that has no local time counts as Monday, 00:00.
#pragma once

#include "base/clock.h"

namespace sampan {

struct LocalTime {
  unsigned weekday = 0;  // Monday is 0
  unsigned minute = 0;   // of the day
  friend bool operator==(const LocalTime&, const LocalTime&) = default;
};
LocalTime local_time_of(WallTime time);

// The beginning of the minute that the clock on the wall will show after so many (or did show before), as if no hour of
// summer time came between.
WallTime by_the_clock_on_the_wall(WallTime from, int minutes);

}  // namespace sampan
