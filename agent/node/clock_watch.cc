// SPDX-License-Identifier: Apache-2.0
#include "node/clock_watch.h"

#include <cstdlib>

#include "base/log.h"
#include "core/limits.h"

namespace sampan::node {
namespace {

namespace limits = core::limits;

constexpr std::chrono::hours told_for{24};
constexpr std::size_t file_bytes_max = 16u << 10;

}  // namespace

void ClockWatch::begin(FileSystem& files, const std::string& path) {
  const auto bytes = read_whole(files, path, file_bytes_max);
  const std::lock_guard lock(mutex_);
  path_ = path;
  if (bytes) past_ = policy::ClockPast::read({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
  past_.start(clock_.wall());
}

void ClockWatch::look_at(MonoTime now) {
  const std::int64_t offset = offset_ms(), by = offset - offset_ms_;
  offset_ms_ = offset;
  const WallTime wall = clock_.wall();
  if (std::abs(by) < Millis(limits::clock_step_critical).count()) return past_.goes(wall);
  set_ = Step{Millis(by), now};
  past_.set({wall.ms - by}, Millis(by));
  keep_due_ = now;
}

std::optional<Millis> ClockWatch::look() {
  const std::lock_guard lock(mutex_);
  const MonoTime now = clock_.mono();
  look_at(now);
  if (set_ && now - set_->at > Millis(told_for)) set_.reset();
  return set_ ? std::optional(set_->by) : std::nullopt;
}

policy::ClockPast ClockWatch::past() {
  const std::lock_guard lock(mutex_);
  look_at(clock_.mono());
  return past_;
}

void ClockWatch::keep(FileSystem& files, bool in_any_case) {
  std::string text, path;
  {
    const std::lock_guard lock(mutex_);
    const MonoTime now = clock_.mono();
    look_at(now);
    if (path_.empty() || (!in_any_case && now < keep_due_)) return;
    keep_due_ = now + Millis(limits::clock_kept_every);
    text = past_.text(), path = path_;
  }
  if (Status kept = write_durably(files, path, as_bytes(text)); !kept) log::warn("what the clock said is not kept: " + kept.error().message);
}

}  // namespace sampan::node
