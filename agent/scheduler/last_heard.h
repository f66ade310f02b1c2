// SPDX-License-Identifier: Apache-2.0
// Last heard: when a destination last said anything, and when it is to be asked whether it is there.
//
// Asking ends an outage only where it was asked in vain meanwhile: one that answers while nothing gets through says nothing by that.
// Threads: one. Time and chance are brought by the caller.
#pragma once

#include <algorithm>
#include <optional>

#include "base/clock.h"
#include "core/limits.h"
#include "scheduler/duties.h"

namespace sampan::scheduler {

class LastHeard {
 public:
  // unit: 0 to 1, of chance, here and below: a lead that comes back is not asked by everybody at once.
  LastHeard(MonoTime now, double unit) : ask_at_(now + scaled(core::limits::contact_first_within, 0.5 + unit / 2)) {}

  std::optional<MonoTime> at() const { return at_; }
  MonoTime ask_at() const { return ask_at_; }
  void ask(MonoTime at) { ask_at_ = at; }

  void heard(MonoTime now, double unit) {
    at_ = now;
    ask_at_ = later(now, unit);
  }
  // not_before: of a destination that refuses this node.
  void asked_in_vain(MonoTime now, double unit, MonoTime not_before) {
    in_vain_ = true;
    ask_at_ = std::max(later(now, unit), not_before);
  }
  void outage_begins(MonoTime now) {
    only_asked_ = true;
    ask_at_ = now;
  }
  // After it had come back: its answers say nothing of what it takes.
  void attempt_failed() {
    if (is_back_) in_vain_ = false;
    only_asked_ = is_back_ = false;
  }
  void outage_ends() { only_asked_ = in_vain_ = is_back_ = false; }
  // It answered: whether that is news.
  bool comes_back() { return is_back_ = in_vain_; }

  // Of this outage nothing is known but that it did not answer when asked.
  bool only_asked() const { return only_asked_; }
  bool is_asked_in_vain() const { return in_vain_; }
  // It answers again; what waits shows whether it takes anything.
  bool is_back() const { return is_back_; }

 private:
  static Millis scaled(Millis time, double by) { return Millis(static_cast<std::int64_t>(static_cast<double>(time.count()) * by)); }
  static MonoTime later(MonoTime now, double unit) { return now + scaled(core::limits::contact_every, 0.75 + unit / 4); }

  std::optional<MonoTime> at_;
  MonoTime ask_at_;
  bool in_vain_ = false, only_asked_ = false, is_back_ = false;
};

}  // namespace sampan::scheduler
