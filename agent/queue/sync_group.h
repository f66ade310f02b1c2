// SPDX-License-Identifier: Apache-2.0
// SyncGroup: who waits for the next sync of a segment, so that one sync of a slow disk serves as many as it can.
//
// Whose turn it is waits a little for those who were there during the last sync: once answered, a modality sends its next image
// at once, and would find the next sync begun without it. Who is alone never waits, and nobody does on a quick disk.
// Threads: any; gather() and done() on the thread whose turn it is.
// Fails:   never.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace sampan::queue {

class SyncGroup {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::duration quick = std::chrono::milliseconds(2);
  explicit SyncGroup(Clock::duration patience_max = std::chrono::milliseconds(10)) : patience_max_(patience_max) {}

  // While it lives, its thread waits to be served.
  class Waiting {
   public:
    explicit Waiting(SyncGroup& group) : group_(group) { group_.change(1); }
    ~Waiting() { group_.change(-1); }
    Waiting(const Waiting&) = delete;

   private:
    SyncGroup& group_;
  };

  // At most a quarter of what the last sync took. Whether anybody was waited for.
  bool gather() {
    std::unique_lock lock(mutex_);
    if (took_ < quick || waiting_ >= expected_) return false;
    arrived_.wait_for(lock, std::min(took_ / 4, patience_max_), [this] { return waiting_ >= expected_; });
    return true;
  }
  // A sync that took so long; those it serves wait still.
  void done(Clock::duration took) {
    const std::lock_guard lock(mutex_);
    took_ = took;
    expected_ = waiting_;
  }

 private:
  void change(int by) {
    {
      const std::lock_guard lock(mutex_);
      waiting_ += by;
      if (waiting_ < expected_) return;
    }
    if (by > 0) arrived_.notify_all();
  }

  const Clock::duration patience_max_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  int waiting_ = 0, expected_ = 0;
  Clock::duration took_{};
};

}  // namespace sampan::queue
