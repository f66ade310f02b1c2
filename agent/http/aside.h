// SPDX-License-Identifier: Apache-2.0
// Aside: one thread for what may take its time, one after the other; so many wait, and one more is not taken.
//
// Threads: take() and stop() from any; jobs are done on its own thread, which alone waits for them.
// Fails:   never; a job must not throw.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace sampan::http {

class Aside {
 public:
  // Called once: true when its turn has come, false when there will be none.
  using Job = std::function<void(bool turn)>;
  explicit Aside(std::size_t waiting_max);
  ~Aside();  // stops
  Aside(const Aside&) = delete;
  Aside& operator=(const Aside&) = delete;

  // False: as many wait already, or it stops; the job is not called.
  bool take(Job job);
  // Those that wait are told at once that they have no turn, on the caller's thread; it returns when the one that runs is done.
  void stop();

 private:
  void run();
  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable work_;
  std::deque<Job> waiting_;
  bool stopping_ = false;
  std::thread thread_;  // last: everything above exists before it runs
};

}  // namespace sampan::http
