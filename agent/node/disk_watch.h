// SPDX-License-Identifier: Apache-2.0
// Disk watch: how the disk of the node is, the same for status, events and samples.
//
// Threads: any.
#pragma once

#include <mutex>
#include <optional>

#include "policy/disk_room.h"
#include "queue/queue.h"
#include "settings/settings.h"

namespace sampan::node {

struct DiskView {
  policy::DiskRoom room;
  policy::DiskState state = policy::DiskState::well;
  std::optional<Millis> full_in;  // by the trend; nothing while it does not fill
};

policy::DiskRoom room_of(const settings::Settings& settings, const queue::QueueSummary& queue);

class DiskWatch {
 public:
  // Looked at now and then, and by whoever asks.
  DiskView look(const settings::Settings& settings, const queue::QueueSummary& queue, MonoTime now);

 private:
  std::mutex mutex_;
  policy::DiskTrend trend_;
  policy::DiskState state_ = policy::DiskState::well;
};

}  // namespace sampan::node
