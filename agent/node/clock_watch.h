// SPDX-License-Identifier: Apache-2.0
// Clock watch: was the wall clock set while this node ran, and by how much?
//
// It is told for a day after it was seen. Threads: any.   Fails: never.
#pragma once

#include <cstdlib>
#include <mutex>
#include <optional>

#include "base/clock.h"
#include "core/limits.h"

namespace sampan::node {

class ClockWatch {
 public:
  explicit ClockWatch(const Clock& clock) : clock_(clock), offset_ms_(offset_ms()) {}

  // Of the last step; nothing when there was none lately.
  std::optional<Millis> look() {
    const std::lock_guard lock(mutex_);
    const MonoTime now = clock_.mono();
    const std::int64_t offset = offset_ms(), by = offset - offset_ms_;
    offset_ms_ = offset;
    if (std::abs(by) >= Millis(core::limits::clock_step_critical).count()) set_ = Step{Millis(by), now};
    if (set_ && now - set_->at > Millis(told_for)) set_.reset();
    return set_ ? std::optional(set_->by) : std::nullopt;
  }

 private:
  static constexpr std::chrono::hours told_for{24};
  struct Step {
    Millis by{};
    MonoTime at{};
  };
  std::int64_t offset_ms() const { return clock_.wall().ms - (clock_.mono() - MonoTime{}).count(); }

  const Clock& clock_;
  std::mutex mutex_;
  std::int64_t offset_ms_;
  std::optional<Step> set_;
};

}  // namespace sampan::node
