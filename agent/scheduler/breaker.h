// SPDX-License-Identifier: Apache-2.0
// Breaker: is a destination worth a try now?
//
// Unknown and up let everything through; backing_off and stopped let one probe through when its time comes. A success
// closes it from any state. Each change returns whether the state is another one now, which is worth an event.
// Threads: one. Time and chance are brought by the caller.
#pragma once

#include <optional>

#include "base/clock.h"
#include "policy/back_off.h"

namespace sampan::scheduler {

class Breaker {
 public:
  enum class State { unknown, up, backing_off, stopped };

  Breaker(policy::BackOff bounds, Millis configuration_probe_every)
      : bounds_(bounds), configuration_probe_every_(configuration_probe_every) {}

  State state() const { return state_; }
  bool open() const { return state_ == State::backing_off || state_ == State::stopped; }
  // When a probe may go out; only of use while open.
  MonoTime probe_at() const { return probe_at_; }

  bool succeeded();
  // Nothing gets through. wish: the peer's own Retry-After.
  bool failed(MonoTime now, double unit, std::optional<Millis> wish);
  // The destination refuses this node.
  bool refused(MonoTime now);
  // Somebody has reason to believe that it works again.
  void probe_now(MonoTime now) { probe_at_ = now; }

 private:
  bool enter(State state);

  policy::BackOff bounds_;
  Millis configuration_probe_every_;
  State state_ = State::unknown;
  unsigned failures_ = 0;
  MonoTime probe_at_{};
};

}  // namespace sampan::scheduler
