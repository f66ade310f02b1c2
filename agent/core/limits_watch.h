// SPDX-License-Identifier: Apache-2.0
// Limits of watching: the second page of limits.h: what a node looks at of its disk and of who is there, by name.
#pragma once

#include <chrono>
#include <cstdint>

namespace sampan::core::limits {

using namespace std::chrono_literals;

// disk
inline constexpr std::uint64_t reclaim_below_percent = 23;  // free of the disk: then copies go that are kept because there is room,
inline constexpr std::uint64_t reclaim_until_percent = 25;  // until so much is free; both above what is an alarm
inline constexpr std::uint64_t disk_low_percent = 20;       // less free is an alarm,
inline constexpr std::uint64_t disk_critical_percent = 5;   // a critical one,
inline constexpr std::uint64_t disk_ease_percent = 2;       // and over when there is so much more

// contact
inline constexpr auto contact_every = 3min;            // a destination that was not heard of for so long is asked whether it is there
inline constexpr auto contact_first_within = 3s;       // of the start
inline constexpr auto contact_answer_time_max = 20s;   // for its answer
inline constexpr auto refused_shown_time = 2h;         // whoever was refused within it is worth attention

}  // namespace sampan::core::limits
