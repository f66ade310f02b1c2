// SPDX-License-Identifier: Apache-2.0
// QueueDuties: the queue as the scheduler wants to see it.
//
// Threads and failures: as scheduler::Duties.
#pragma once

#include "queue/queue.h"
#include "scheduler/duties.h"

namespace sampan::node {

class QueueDuties final : public scheduler::Duties {
 public:
  QueueDuties(queue::Queue& queue, const Clock& clock) : queue_(queue), clock_(clock) {}
  scheduler::Leased lease(const scheduler::LeaseRequest& request) override;
  void settle(const std::string& destination, std::span<const scheduler::Settlement> settlements) override;

 private:
  queue::Queue& queue_;
  const Clock& clock_;
};

}  // namespace sampan::node
