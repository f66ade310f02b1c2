// SPDX-License-Identifier: Apache-2.0
// By now: what a time that was kept is by the clock as it goes now, which may have been set since. Nothing kept is changed.
#pragma once

#include <functional>

#include "base/clock.h"

namespace sampan::telemetry {

using ByNow = std::function<WallTime(WallTime kept)>;
inline WallTime as_kept(WallTime kept) { return kept; }

}  // namespace sampan::telemetry
