// SPDX-License-Identifier: Apache-2.0
// Throttle: what the lanes of one destination may read of their payloads, where its window has a cap.
//
// One for all lanes; the lanes of a fallback that lead to the same place book on the same line. Emergencies, and the image that one waits for, are not held back; they count, but what follows waits for them no longer than a burst. A cap that
// changes, and the end of the destination, let everybody go who waits: whoever interrupts a courier releases this first.
// Threads: pass() on the lanes', where it may wait; the rest on any.
// Fails:   never.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "policy/capped_line.h"

namespace sampan::scheduler {

// What all who go to one place share of its cap. Threads: any.
class Line {
 public:
  void cap(std::optional<std::uint64_t> bytes_per_second_max);
  // When the bytes may go, which is now where nothing caps them or the caller hurries.
  MonoTime book(std::uint64_t bytes, MonoTime now, bool hurries);

 private:
  std::mutex mutex_;
  std::optional<std::uint64_t> bytes_per_second_max_;
  std::optional<policy::CappedLine> line_;
};

class Throttle {
 public:
  // line: of its own, where none is given.
  explicit Throttle(const Clock& clock, std::shared_ptr<Line> line = {}) : clock_(clock), line_(line ? std::move(line) : std::make_shared<Line>()) {}

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
  const std::shared_ptr<Line> line_;
  std::uint64_t changes_ = 0;
  bool released_ = false;
};

}  // namespace sampan::scheduler
