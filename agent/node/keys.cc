// SPDX-License-Identifier: Apache-2.0
#include "node/keys.h"

#include "base/log.h"
#include "base/swap.h"
#include "queue/keyring.h"

namespace sampan::node {

control::KeyStatus key_status(queue::Queue& queue) {
  const queue::Protection told = queue.keys().protection();
  control::KeyStatus status;
  status.protected_by = to_string(told.by);
  status.memory_locked = told.memory_locked;
  status.images_may_be_swapped = may_be_swapped();
  status.node_keys = told.node_keys;
  if (told.newest_made.ms != 0) status.newest_made = told.newest_made;
  using Recovery = queue::Protection::Recovery;
  status.recovery = told.recovery == Recovery::none ? "none" : told.recovery == Recovery::made ? "made" : "handed_out";
  status.recovery_made = told.recovery_made;
  return status;
}

Result<std::string> Keys::make_recovery() {
  auto made = queue_.keys().make_recovery();
  if (made) log::info("a recovery key was made");
  return made;
}

Status Keys::handed_out() {
  const Status done = queue_.keys().handed_out();
  if (done) log::info("the recovery key was handed out; the one before it opens nothing any more");
  return done;
}

Status Keys::rotate() {
  const Status done = queue_.keys().rotate();
  if (done) log::info("what comes from now on is sealed under a new key");
  return done;
}

}  // namespace sampan::node
