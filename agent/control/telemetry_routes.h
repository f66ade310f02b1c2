// SPDX-License-Identifier: Apache-2.0
// Telemetry routes: the devices a node knows, and what happened.
//
// GET /v1/events?since=24h&limit=100: since is a span (30min, 24h, 7d, 2w), a local date or an ISO 8601 time; without it
// the newest are told. What cannot be understood is refused with 400 bad_since or bad_limit.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "control/route.h"

namespace sampan::control {

http::Response serve_devices(const Handlers& handlers, const Call& call);
http::Response serve_events(const Handlers& handlers, const Call& call);

// The moment that `since` means; nothing when it is no such word.
std::optional<WallTime> since(const std::string& word, WallTime now);

}  // namespace sampan::control
