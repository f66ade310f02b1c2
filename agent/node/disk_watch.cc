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
  return {queue.disk.free_bytes, queue.disk.total_bytes, queue.rebuilding ? 0 : policy::reclaimable_bytes(queue.bytes, unproven)};
}

DiskView DiskWatch::look(const settings::Settings& settings, const queue::QueueSummary& queue, MonoTime now) {
  const std::lock_guard lock(mutex_);
  const auto room = room_of(settings, queue);
  if (room.total_bytes > 0 && !queue.rebuilding) trend_.note(policy::usable_bytes(room), now);
  const auto full_in = trend_.full_in();
  state_ = policy::judge_disk(room, full_in, state_);
  return {room, state_, full_in};
}

}  // namespace sampan::node
