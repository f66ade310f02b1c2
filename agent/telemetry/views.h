// SPDX-License-Identifier: Apache-2.0
// Views: devices and events as the local door answers for them, in JSON. Values in, text out.
#pragma once

#include <string>
#include <vector>

#include "telemetry/alarms.h"
#include "telemetry/devices.h"

namespace sampan::telemetry {

// {"now", "devices": [...], "callers": [...]}: newest image first; callers that sent no image yet, the refused first.
std::string devices_view(const Devices& devices, WallTime now);
// {"now", "events": [as in TELEMETRY.md], "open": [{cause, event, severity, opened, last, count, text, action}]}
std::string events_view(const std::vector<std::string>& lines, const Alarms& alarms, WallTime now, InChinese in_chinese,
                        const ByNow& by_now = as_kept);

}  // namespace sampan::telemetry
