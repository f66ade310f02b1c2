// SPDX-License-Identifier: Apache-2.0
// Crash points: labelled moments at which a test kills the process, to show that any moment is survivable.
//
// SAMPAN_CRASH_AT=label or label:N in the environment kills the process (SIGKILL) at the Nth pass of the label.
// Without it a crash point costs one predictable branch.
#pragma once

namespace sampan {

extern const bool crash_points_armed;
void crash_point_reached(const char* label);

inline void crash_point(const char* label) {
  if (crash_points_armed) [[unlikely]]
    crash_point_reached(label);
}

}  // namespace sampan
