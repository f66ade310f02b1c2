// SPDX-License-Identifier: Apache-2.0
// Crash points: labelled moments at which a test kills the process, to show that any moment is survivable.
//
// SAMPAN_CRASH_AT=label or label:N in the environment kills the process (SIGKILL) at the Nth pass of the label.
// label@content kills it at every pass with that content, for content that kills whoever reads it.
// Without it a crash point costs one predictable branch.
#pragma once

#include <string_view>

namespace sampan {

extern const bool crash_points_armed;
void crash_point_reached(const char* label);
void crash_point_reached(std::string_view label, std::string_view content);

inline void crash_point(const char* label) {
  if (crash_points_armed) [[unlikely]]
    crash_point_reached(label);
}

inline void crash_point(const char* label, std::string_view content) {
  if (crash_points_armed) [[unlikely]]
    crash_point_reached(label, content);
}

}  // namespace sampan
