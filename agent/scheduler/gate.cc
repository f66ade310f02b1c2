// SPDX-License-Identifier: Apache-2.0
#include "scheduler/gate.h"

#include <algorithm>

#include "base/local_time.h"
#include "core/limits.h"

namespace sampan::scheduler {

void Gate::look() {
  if (windows_.empty()) return;
  const WallTime now = clock_.wall();
  const LocalTime moment = local_time_of(now);
  passage_ = policy::passage_at(windows_, moment);
  Millis wait = core::limits::window_look_every;
  if (const auto minutes = policy::minutes_to_change(windows_, moment)) {
    const Millis until(by_the_clock_on_the_wall(now, *minutes).ms - now.ms);
    if (until > Millis(0)) wait = std::min(wait, until);  // it may lie in an hour that there is not
  }
  look_at_ = clock_.mono() + wait;
}

}  // namespace sampan::scheduler
