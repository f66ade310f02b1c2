// SPDX-License-Identifier: Apache-2.0
#include "scheduler/breaker.h"

#include <utility>

namespace sampan::scheduler {

bool Breaker::enter(State state) { return std::exchange(state_, state) != state; }

bool Breaker::succeeded() {
  failures_ = 0;
  return enter(State::up);
}

bool Breaker::failed(MonoTime now, double unit, std::optional<Millis> wish) {
  probe_at_ = now + policy::back_off(bounds_, ++failures_, unit, wish);
  return enter(State::backing_off);
}

bool Breaker::refused(MonoTime now) {
  probe_at_ = now + configuration_probe_every_;
  return enter(State::stopped);
}

}  // namespace sampan::scheduler
