// SPDX-License-Identifier: Apache-2.0
// WriteBehind: a thread on which one buffer is sealed and written while the next one fills.
//
// Threads: begin() and wait() from one.
// Fails:   as the work did, told by the next wait().
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/result.h"

namespace sampan::queue {

class WriteBehind {
 public:
  // Nothing where the system gives no thread.
  static std::unique_ptr<WriteBehind> start();
  ~WriteBehind();  // waits for what was begun
  WriteBehind(const WriteBehind&) = delete;

  // Only after wait().
  void begin(std::function<Status()> work);
  // Until the work is done.
  Status wait();

 private:
  WriteBehind() = default;
  void run();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<Status()> work_;  // empty: nothing to do
  Status done_{};
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace sampan::queue
