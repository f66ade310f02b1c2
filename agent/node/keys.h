// SPDX-License-Identifier: Apache-2.0
// Keys: the queue's keyring as the API tells of it and asks of it.
//
// Threads: any.
// Fails:   as control::KeyDesk.
#pragma once

#include "control/key_routes.h"
#include "queue/queue.h"

namespace sampan::node {

control::KeyStatus key_status(queue::Queue& queue);

class Keys final : public control::KeyDesk {
 public:
  explicit Keys(queue::Queue& queue) : queue_(queue) {}
  Result<std::string> make_recovery() override;
  Status handed_out() override;
  Status rotate() override;
  control::KeyStatus status() override { return key_status(queue_); }

 private:
  queue::Queue& queue_;
};

}  // namespace sampan::node
