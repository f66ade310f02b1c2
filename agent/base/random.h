// SPDX-License-Identifier: Apache-2.0
// Random: a seam, so that jitter and ids replay from a seed in tests.
#pragma once

#include <cstdint>

namespace sampan {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
  // Uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
};

// Seeded from the kernel; safe from any thread. Lives for ever.
Random& system_random();

}  // namespace sampan
