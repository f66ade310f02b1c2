// SPDX-License-Identifier: Apache-2.0
// Capped line: when the next bytes may go, so that over any longer time no more of them go than the cap says, apart from those that do not wait.
//
// Pure: the time is the caller's, and never goes back.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace sampan::policy {

class CappedLine {
 public:
  // burst: what the cap lets go in that time goes at once after a pause.
  CappedLine(std::uint64_t bytes_per_second_max, Millis burst) : bytes_per_second_max_(bytes_per_second_max), burst_(burst) {}

  // When bytes that are to follow those booked before may go.
  MonoTime book(std::uint64_t bytes, MonoTime now);
  // Bytes that go without waiting. They count, but what follows waits for them no longer than one burst.
  void note(std::uint64_t bytes, MonoTime now);

 private:
  std::uint64_t bytes_per_second_max_;
  Millis burst_;
  MonoTime free_at_{INT64_MIN / 2};
  std::uint64_t rest_ = 0;  // of a millisecond, in thousandths of bytes
};

}  // namespace sampan::policy
