// SPDX-License-Identifier: Apache-2.0
// JSON text: small things every writer and reader of TELEMETRY.md needs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace sampan::telemetry {

// The way back of to_iso8601(), also without milliseconds, or a date alone. Nothing when it is no time.
std::optional<WallTime> time_from(std::string_view text);
// With the line feed that ends it.
std::string one_line(std::string json);

}  // namespace sampan::telemetry
