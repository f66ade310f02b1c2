// SPDX-License-Identifier: Apache-2.0
// Background: how a thread that prepares work leaves the processor to those that talk with peers.
#pragma once

#include <sched.h>

namespace sampan {

// For the calling thread. Woken, it waits for the time slice of who runs instead of taking the processor away (SCHED_BATCH): with few
// cores, a lane or an association would else stand still in the middle of an image. Without the permission it stays as it was.
inline void work_in_background() {
  const sched_param none{};
  static_cast<void>(::sched_setscheduler(0, SCHED_BATCH, &none));
}

}  // namespace sampan
