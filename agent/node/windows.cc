// SPDX-License-Identifier: Apache-2.0
#include "node/windows.h"

#include "base/local_time.h"

namespace sampan::node {

std::vector<policy::Window> windows_of(const settings::Destination& destination) {
  std::vector<policy::Window> windows;
  for (const settings::Window& from : destination.windows) {
    policy::Window& window = windows.emplace_back();
    for (const auto& hours : from.hours) window.hours.push_back({hours.from, hours.to});
    if (from.days != policy::Days{}) window.days = from.days;
    window.only_emergencies = from.only_emergencies;
    if (from.kilobytes_per_second_max > 0) window.bytes_per_second_max = std::uint64_t{from.kilobytes_per_second_max} * 1000;
  }
  return windows;
}

WindowNow window_now(const settings::Destination& destination, WallTime now) {
  const auto windows = windows_of(destination);
  const LocalTime moment = local_time_of(now);
  WindowNow shown;
  shown.closed = !policy::passage_at(windows, moment).routine;
  if (const auto minutes = policy::minutes_to_opening(windows, moment)) shown.opens = by_the_clock_on_the_wall(now, *minutes);
  if (const auto minutes = policy::minutes_since_opening(windows, moment)) shown.opened = by_the_clock_on_the_wall(now, -*minutes);
  return shown;
}

}  // namespace sampan::node
