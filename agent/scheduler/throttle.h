// SPDX-License-Identifier: Apache-2.0
// Throttle: what the lanes of one destination may read of their payloads, where its window has a cap.
//
// One for all lanes. Emergencies, and the image that one waits for, are not held back; they count, but what follows waits for them no longer than a burst. A cap that
// changes, and the end of the destination, let everybody go who waits: whoever interrupts a courier releases this first.
// Threads: pass() on the lanes', where it may wait; the rest on any.
// Fails:   never.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "policy/capped_line.h"

namespace sampan::scheduler {

class Throttle {
 public:
  explicit Throttle(const Clock& clock) : clock_(clock) {}

  void cap(std::optional<std::uint64_t> bytes_per_second_max);
  // For good.
  void release();
  // in_hurry: set where nothing holds the caller back, or no more; none: never.
  void pass(std::uint64_t bytes, const std::atomic<bool>* in_hurry);
  // Some in_hurry was set.
  void look_again();

 private:
  const Clock& clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<std::uint64_t> bytes_per_second_max_;
  std::optional<policy::CappedLine> line_;
  std::uint64_t changes_ = 0;
  bool released_ = false;
};

}  // namespace sampan::scheduler
