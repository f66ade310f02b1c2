// SPDX-License-Identifier: Apache-2.0
// Gate: whether a destination's windows let more than emergencies go just now, and how fast.
//
// It trusts the clock of the machine, which may be set at any time and skips hours of summer time: it is looked at whenever there
// is something to do, and every few minutes where there is not.
// Threads: the scheduler's.   Fails: never; a clock that makes no sense is looked at again.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "policy/windows.h"
#include "scheduler/duties.h"

namespace sampan::scheduler {

class Gate {
 public:
  // No windows: everything goes at any time.
  Gate(std::vector<policy::Window> windows, const Clock& clock) : windows_(std::move(windows)), clock_(clock) {}

  void look();
  // As of the last look.
  bool lets_routine_go() const { return passage_.routine; }
  std::optional<std::uint64_t> bytes_per_second_max() const { return passage_.bytes_per_second_max; }
  // At the latest.
  MonoTime look_at() const { return look_at_; }

 private:
  const std::vector<policy::Window> windows_;
  const Clock& clock_;
  policy::Passage passage_{};
  MonoTime look_at_ = never;
};

}  // namespace sampan::scheduler
