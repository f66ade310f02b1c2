// SPDX-License-Identifier: Apache-2.0
// Movement: whether the bytes of a trip go out, seen from what its courier reads of the payloads.
//
// What buffers on the way swallow says nothing: bytes move when they were read over a longer time.
// Threads: moved() on the lane's, the rest on any.
// Fails:   never.
#pragma once

#include <atomic>
#include <memory>

#include "base/clock.h"
#include "core/courier.h"
#include "core/limits.h"

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

// A payload that tells when it is read.
class WatchedPayload final : public core::Payload {
 public:
  WatchedPayload(std::shared_ptr<core::Payload> of, std::shared_ptr<Movement> movement, const Clock& clock)
      : of_(std::move(of)), movement_(std::move(movement)), clock_(clock) {}
  std::uint64_t size() const override { return of_->size(); }
  Result<std::size_t> read(std::uint64_t offset, ByteSpan into) override {
    movement_->moved(clock_.mono());
    return of_->read(offset, into);
  }

 private:
  const std::shared_ptr<core::Payload> of_;
  const std::shared_ptr<Movement> movement_;
  const Clock& clock_;
};

}  // namespace sampan::scheduler
