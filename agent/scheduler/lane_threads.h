// SPDX-License-Identifier: Apache-2.0
// Lane threads: a thread for every lane that is busy, created when needed and reused.
//
// A destination has one job per lane at most, so the number of threads follows the sum of all lanes. No job waits for
// another one to end: a next hop that hangs holds only its own thread.
// Threads: any.   Owns: the threads; the destructor waits for running jobs.
// Fails:   a thread that cannot be created leaves its job to the others; the very first one is a panic.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "scheduler/needs.h"

namespace sampan::scheduler {

class LaneThreads final : public Lanes {
 public:
  LaneThreads() = default;
  ~LaneThreads() override;
  LaneThreads(const LaneThreads&) = delete;
  LaneThreads& operator=(const LaneThreads&) = delete;

  void run(std::function<void()> job) override;

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool ending_ = false;
};

}  // namespace sampan::scheduler
