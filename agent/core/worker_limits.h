// SPDX-License-Identifier: Apache-2.0
// Worker limits: the bounds of limits.h for what reads foreign content beyond its framing, and for what dies of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace sampan::core::limits {

using namespace std::chrono_literals;

// worker
inline constexpr auto worker_patience = 10s;                    // without a sign of life: ended
inline constexpr auto worker_idle_max = 30s;                    // without work: ended
inline constexpr std::uint64_t worker_memory_bytes_max = 64u << 20;
inline constexpr std::uint64_t worker_bytes_max = 2ull << 30;   // read by one process; then the next one
inline constexpr unsigned worker_processor_seconds_max = 600;
inline constexpr unsigned comparisons_max = 3;                  // that broke off; then the image is held
inline constexpr auto comparison_pause = 1s;                    // after one that broke off

// beacon
inline constexpr std::size_t beacon_touches_max = 64;  // marked at once; more of them go unmarked
inline constexpr std::size_t beacon_strikes_max = 128; // contents remembered that were at work when the program died
inline constexpr unsigned crashes_max = 3;             // with one content at work; then it is not touched any more

}  // namespace sampan::core::limits
