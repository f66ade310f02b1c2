// SPDX-License-Identifier: Apache-2.0
// Disk watch: how the disk of the node is, the same for status, events and samples.
//
// Threads: any.
#pragma once

#include <mutex>
#include <span>

#include "policy/disk_room.h"
#include "queue/queue.h"
#include "settings/settings.h"

namespace sampan::node {

struct DiskView {
  policy::DiskRoom room;
  policy::DiskState state = policy::DiskState::well;
  policy::DiskForecast forecast;
};

policy::DiskRoom room_of(const settings::Settings& settings, const queue::QueueSummary& queue);

class DiskWatch {
 public:
  // Looked at now and then, and by whoever asks.
  DiskView look(const settings::Settings& settings, const queue::QueueSummary& queue, std::span<const policy::Intake> hours, WallTime now);

 private:
  std::mutex mutex_;
  policy::DiskState state_ = policy::DiskState::well;
};

}  // namespace sampan::node
