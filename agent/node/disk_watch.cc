// SPDX-License-Identifier: Apache-2.0
#include "node/disk_watch.h"

#include <algorithm>
#include <vector>

namespace sampan::node {

policy::DiskRoom room_of(const settings::Settings& settings, const queue::QueueSummary& queue) {
  std::vector<policy::Unproven> unproven;
  for (const auto& count : queue.destinations) {
    const auto known = std::ranges::find(settings.destinations, count.destination, &settings::Destination::name);
    // What goes nowhere stays, and so does what one that left the settings did not prove.
    const bool goes_there = known != settings.destinations.end();
    if (goes_there || count.unproven_bytes > 0) unproven.push_back({!goes_there || known->required, count.unproven_bytes, count.here_bytes});
  }
  const std::uint64_t may_go = queue.rebuilding ? 0 : policy::reclaimable_bytes(queue.bytes, unproven);
  return {queue.disk.free_bytes, queue.disk.total_bytes, may_go, queue.rebuilding ? 0 : queue.bytes - may_go};
}

DiskView DiskWatch::look(const settings::Settings& settings, const queue::QueueSummary& queue, std::span<const policy::Intake> hours, WallTime now) {
  const std::lock_guard lock(mutex_);
  const auto room = room_of(settings, queue);
  const auto forecast = policy::forecast_disk(hours, now, policy::usable_bytes(room));
  state_ = policy::judge_disk(room, forecast, state_);
  return {room, state_, forecast};
}

}  // namespace sampan::node
