// SPDX-License-Identifier: Apache-2.0
// Ages: how long images wait, and what came lately, whatever the clock was set to meanwhile.
//
// Nothing waits here for longer than the node ran. By the millisecond while the clock was never set, else by the minute.
// Threads: any.   Fails: never; a ledger that does not answer has nothing waiting.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "control/node_status.h"
#include "policy/clock_past.h"
#include "policy/disk_forecast.h"
#include "queue/queue.h"

namespace sampan::node {

class Ages {
 public:
  Ages(queue::Counts& counts, policy::ClockPast past, WallTime now) : counts_(counts), past_(std::move(past)), now_(now) {}

  // The times in it as the clock would have said them that goes now.
  void say_by_now(queue::QueueSummary& summary) const;
  // Of each destination of the summary, how many images wait for how long.
  std::map<std::string, control::AgeCounts> waiting(const queue::QueueSummary& summary) const;
  // What came in the time that a forecast looks back at.
  std::vector<policy::Intake> intake() const;

 private:
  control::AgeCounts by_millisecond(const std::string& destination, Millis ran) const;
  control::AgeCounts by_minute(const std::string& destination, const queue::QueueSummary& summary) const;
  WallTime came_in(const queue::Counts::Minute& minute) const;

  queue::Counts& counts_;
  const policy::ClockPast past_;
  const WallTime now_;
};

}  // namespace sampan::node
