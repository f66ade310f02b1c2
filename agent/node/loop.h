// SPDX-License-Identifier: Apache-2.0
// Loop: the node's one event loop: steps the scheduler when it wants to be stepped, and ticks the queue now and then.
//
// Threads: run on its own thread; wake(), call(), post() from any.
// Fails:   never.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "scheduler/needs.h"

namespace sampan::node {

class Loop final : public scheduler::Waker {
 public:
  explicit Loop(const Clock& clock);
  ~Loop() override;  // stops

  // step says when it wants to be called again; tick is called every so often. Both on the loop's thread.
  void start(std::function<MonoTime()> step, std::function<void()> tick, Millis tick_every);
  void stop();
  void wake() override;
  // Runs work on the loop's thread and waits for it. False when the loop is not running.
  bool call(const std::function<void()>& work);
  // Runs work on the loop's thread, soon. False, and nothing, when the loop is not running.
  bool post(std::function<void()> work);

 private:
  struct Machine;
  std::unique_ptr<Machine> machine_;
};

}  // namespace sampan::node
