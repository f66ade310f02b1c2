// SPDX-License-Identifier: Apache-2.0
// Movement: whether the bytes of a trip go out, seen from what its courier reads of the payloads.
//
// What buffers on the way swallow says nothing: bytes move when they were read over a longer time.
// Threads: moved() on the lane's, the rest on any.
// Fails:   never.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>

#include "base/clock.h"
#include "core/courier.h"
#include "core/limits.h"
#include "scheduler/throttle.h"

namespace sampan::scheduler {

class Movement {
 public:
  void moved(MonoTime now) {
    if (first_ms_ == none) first_ms_ = now.ms;
    last_ms_ = now.ms;
  }
  bool was_seen() const { return first_ms_ != none && Millis(last_ms_ - first_ms_) >= long_enough; }
  // And it was not long ago: what is read whole waits for its answer.
  bool goes_on(MonoTime now) const { return was_seen() && Millis(now.ms - last_ms_) <= core::limits::answer_time_max; }

 private:
  static constexpr std::int64_t none = -1;
  static constexpr Millis long_enough = Millis(core::limits::answer_time_max) / 5;
  std::atomic<std::int64_t> first_ms_{none}, last_ms_{none};
};

// What is asked of a trip under way.
struct Yield {
  std::atomic<bool> gives_way{false};  // what is not begun goes back
  std::atomic<bool> in_hurry{false};   // no cap holds back what was begun, for an emergency waits for the lane
};

// A payload that tells when it is read, and is read no faster than its destination's cap.
class WatchedPayload final : public core::Payload {
 public:
  // throttle: none where there is no cap.   in_hurry: set where the cap does not hold it back, or no more.
  WatchedPayload(std::shared_ptr<core::Payload> of, std::shared_ptr<Movement> movement, const Clock& clock,
                 std::shared_ptr<Throttle> throttle = {}, std::shared_ptr<std::atomic<bool>> in_hurry = {})
      : of_(std::move(of)), movement_(std::move(movement)), clock_(clock), throttle_(std::move(throttle)), in_hurry_(std::move(in_hurry)) {}
  std::uint64_t size() const override { return of_->size(); }
  Result<std::size_t> read(std::uint64_t offset, ByteSpan into) override {
    if (throttle_) throttle_->pass(std::min<std::uint64_t>(into.size(), size() - std::min(offset, size())), in_hurry_.get());
    movement_->moved(clock_.mono());
    return of_->read(offset, into);
  }
  Payload& here() override { return of_->here(); }

 private:
  const std::shared_ptr<core::Payload> of_;
  const std::shared_ptr<Movement> movement_;
  const Clock& clock_;
  const std::shared_ptr<Throttle> throttle_;
  const std::shared_ptr<std::atomic<bool>> in_hurry_;
};

}  // namespace sampan::scheduler
