// SPDX-License-Identifier: Apache-2.0
#include "scheduler/throttle.h"

#include "core/limits.h"

namespace sampan::scheduler {

void Line::cap(std::optional<std::uint64_t> bytes_per_second_max) {
  const std::lock_guard lock(mutex_);
  if (bytes_per_second_max == bytes_per_second_max_) return;
  bytes_per_second_max_ = bytes_per_second_max;
  line_.reset();
  if (bytes_per_second_max) line_.emplace(*bytes_per_second_max, core::limits::capped_burst);
}

MonoTime Line::book(std::uint64_t bytes, MonoTime now, bool hurries) {
  const std::lock_guard lock(mutex_);
  if (!line_) return now;
  if (!hurries) return line_->book(bytes, now);
  line_->note(bytes, now);
  return now;
}

void Throttle::cap(std::optional<std::uint64_t> bytes_per_second_max) {
  const std::lock_guard lock(mutex_);
  if (bytes_per_second_max == bytes_per_second_max_) return;
  bytes_per_second_max_ = bytes_per_second_max;
  line_->cap(bytes_per_second_max);
  ++changes_;
  changed_.notify_all();
}

void Throttle::release() {
  const std::lock_guard lock(mutex_);
  released_ = true;
  changed_.notify_all();
}

void Throttle::look_again() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void Throttle::pass(std::uint64_t bytes, const std::atomic<bool>* in_hurry) {
  const auto hurries = [in_hurry] { return in_hurry != nullptr && *in_hurry; };
  std::unique_lock lock(mutex_);
  if (!bytes_per_second_max_ || released_) return;
  const MonoTime now = clock_.mono(), goes = line_->book(bytes, now, hurries());
  changed_.wait_for(lock, goes - now, [&, before = changes_] { return released_ || changes_ != before || hurries(); });
}

}  // namespace sampan::scheduler
