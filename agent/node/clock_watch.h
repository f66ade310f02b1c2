// SPDX-License-Identifier: Apache-2.0
// Clock watch: was the wall clock set while this node ran, and by how much? And what do the times mean that it gave before?
//
// It is told for a day after it was seen. What it said stands in a file of the state directory, so that a restart knows it.
// Threads: any.   Owns: <state>/clock.
// Fails:   never: a file that cannot be read or written leaves times as they were stored.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "policy/clock_past.h"

namespace sampan::node {

class ClockWatch {
 public:
  explicit ClockWatch(const Clock& clock) : clock_(clock), offset_ms_(offset_ms()) {}

  // A start: what was known before it is read.
  void begin(FileSystem& files, const std::string& path);
  // Of the last step; nothing when there was none lately.
  std::optional<Millis> look();
  // By the clock as it is now.
  policy::ClockPast past();
  // Now and then, by somebody who may wait for the disk; at the end in any case.
  void keep(FileSystem& files, bool in_any_case);

 private:
  struct Step {
    Millis by{};
    MonoTime at{};
  };
  std::int64_t offset_ms() const { return clock_.wall().ms - (clock_.mono() - MonoTime{}).count(); }
  void look_at(MonoTime now);

  const Clock& clock_;
  std::mutex mutex_;
  std::int64_t offset_ms_;
  std::optional<Step> set_;
  policy::ClockPast past_;
  std::string path_;
  MonoTime keep_due_{};
};

}  // namespace sampan::node
