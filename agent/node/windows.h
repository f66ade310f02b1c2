// SPDX-License-Identifier: Apache-2.0
// Windows: what the settings say about when a destination is carried to, as policy reads it and as people are told.
#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
#include "policy/windows.h"
#include "settings/settings.h"

namespace sampan::node {

std::vector<policy::Window> windows_of(const settings::Destination& destination);

struct WindowNow {
  bool closed = false;              // nothing goes but emergencies
  std::optional<WallTime> opens;    // while it is closed: when it will not be
  std::optional<WallTime> opened;   // when the window began that is open, or was last; nothing: without windows
};
WindowNow window_now(const settings::Destination& destination, WallTime now);

}  // namespace sampan::node
