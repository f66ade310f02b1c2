// SPDX-License-Identifier: Apache-2.0
// How a destination keeps to its windows.
#include "scheduler/destination.h"

namespace sampan::scheduler {

void Destination::heed_windows() {
  gate_.look();
  if (gate_.lets_routine_go()) throttle_->cap(gate_.bytes_per_second_max());  // what is under way when it closes keeps its cap
  const bool goes = gate_.lets_routine_go() && lets_routine_go_;
  const bool changed = std::exchange(routine_goes_, goes) != goes;
  if (!goes) leave_routine();
  if (changed && !goes) {
    give_back_ahead();
    tried_ = false;
  }
  if (changed && goes) window_opens();
}

// Also of a lane that went on by itself with what had been laid ready.
void Destination::leave_routine() {
  for (const Lane& lane : lanes_)
    if (lane.busy && lane.connected && lane.routine && lane.mode == Mode::batch) lane.yield->gives_way = true;
}

// One that nothing was carried to while the window was closed was not silent for that; what it did not answer meanwhile counts.
void Destination::window_opens() {
  something_new();
  if (!tried_ && !heard_.is_asked_in_vain()) silent_since_.reset();
}

}  // namespace sampan::scheduler
