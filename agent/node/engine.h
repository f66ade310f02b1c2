// SPDX-License-Identifier: Apache-2.0
// Engine: the part of a node that keeps and carries, wired: queue, scheduler, proof and promises, by the settings of now.
//
// It has no loop: whoever owns it calls step() when it asks to be called, and tick() now and then. A node gives it threads;
// the simulator runs it by hand.
// Threads: open(), start(), close() from one thread, with nobody else in it; change(), step(), stop(), stopped() the loop's; the
//          rest as what is handed out.
// Fails:   open() -> the state directory cannot be used at all.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "core/judge.h"
#include "node/destinations.h"
#include "node/live.h"
#include "node/node.h"
#include "node/promising.h"
#include "node/proving.h"
#include "node/queue_duties.h"
#include "node/wary_judge.h"
#include "scheduler/scheduler.h"
#include "uplink/transforming.h"

namespace sampan::node {

class Engine {
 public:
  // All of it outlives the engine, and every job it gave to the lanes.
  struct Needs {
    Env env;
    Live& live;
    const core::Judge& judge;
    scheduler::Lanes& lanes;
    scheduler::Waker& waker;
    scheduler::Observer& observer;
    // Two images under one UID. Without it they differ (queue::QueueNeeds).
    std::function<queue::Likeness(const core::Consignment&, const core::Consignment&)> compare{};
    // Images for a destination that wants them changed; called on its lanes. Without it there are none.
    uplink::Change change{};
  };
  explicit Engine(Needs needs) : needs_(needs) {}
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // own_thread: of the queue; see QueueOptions.
  Status open(bool own_thread = true);
  void start();
  // The next moment at which step() wants to be called.
  MonoTime step();
  void tick() { queue_->tick(); }
  // Live has the settings of after already.
  void change(const settings::Settings& before, const settings::Settings& after);
  void stop(Millis grace);
  bool stopped() const { return scheduler_->stopped() && proving_->stopped() && promising_->stopped(); }
  // What becomes due no longer wakes anybody.
  void quiet();
  // No job runs any more.
  void close() { queue_.reset(); }

  bool started() const { return scheduler_ != nullptr; }
  queue::Queue& queue() { return *queue_; }
  scheduler::Scheduler& scheduler() { return *scheduler_; }
  Proving& proving() { return *proving_; }
  Promising& promising() { return *promising_; }

 private:
  class Watch;
  void changed();
  Makers makers() const;
  bool is_contested(const Uuid& item);

  const Needs needs_;
  std::atomic<scheduler::Scheduler*> listener_{nullptr};
  std::atomic<Proving*> prover_{nullptr};
  // In the order of construction; what comes later uses what comes before, and goes first.
  std::unique_ptr<queue::Queue> queue_;
  const WaryJudge judge_{needs_.judge, [this](const Uuid& item) { return is_contested(item); }};
  std::unique_ptr<QueueDuties> duties_;
  std::unique_ptr<scheduler::Observer> watch_;
  std::unique_ptr<scheduler::Scheduler> scheduler_;
  std::unique_ptr<Proving> proving_;
  std::unique_ptr<Promising> promising_;
};

}  // namespace sampan::node
