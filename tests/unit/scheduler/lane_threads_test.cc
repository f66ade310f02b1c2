// SPDX-License-Identifier: Apache-2.0
#include "scheduler/lane_threads.h"

#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <thread>

#include "simulation.h"

using namespace sampan;
using namespace sampan::scheduler;
using namespace sampan::scheduler::sim;
using State = sim::Queue::State;

namespace {

// Steps on the calling thread, as the node's event loop does.
class Loop final : public Waker {
 public:
  void wake() override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_one();
  }
  template <class Done>
  bool step_until(Scheduler& scheduler, Done done) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!done()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      const Millis wait = std::min(scheduler.step() - system_clock().mono(), Millis{1000});
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, std::max(wait, Millis{0}), [this] { return woken_; });
      woken_ = false;
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

class Moody final : public core::Courier {
 public:
  void attempt(std::span<core::Consignment> batch, const core::Report& report) override {
    bool cut = system_random().unit() < 0.1;
    for (const auto& c : batch) {
      const double mood = system_random().unit();
      cut = cut || mood < 0.01;
      if (cut) {
        report(c.item.id, retry(core::Scope::destination, "cut"));
      } else if (mood < 0.1) {
        report(c.item.id, retry(core::Scope::item, "not now"));
      } else if (mood < 0.12) {
        report(c.item.id, retry(core::Scope::sop_class, "not this class"));
      } else {
        report(c.item.id, delivered(c.item));
      }
    }
  }
  void rest() override {}
  void interrupt() override {}
};

Options hasty() {
  Options options;
  options.back_off = {1ms, 5ms};
  options.connection_keep_time = 2ms;
  options.lease_pause = 1ms;
  options.settle_every = 1ms;
  return options;
}

}  // namespace

TEST_CASE("on_real_threads_every_item_is_settled_exactly_once") {
  constexpr unsigned items = 1000;
  const std::vector<std::string> names{"a", "b", "c"};
  sim::Queue queue(system_clock());
  Loop loop;
  Events events;
  LaneThreads lanes;
  Scheduler scheduler({queue, lanes, loop, events, system_clock(), system_random()}, hasty());
  for (const auto& name : names) scheduler.add({name, 3, [](unsigned) { return std::make_unique<Moody>(); }});
  std::thread intake([&] {
    for (unsigned n = 1; n <= items; ++n) {
      for (const auto& name : names) queue.put(name, item_of(n, n % 2 ? "ct" : "us"));
      scheduler.notify();
    }
  });
  const auto all_done = [&] {
    return std::ranges::all_of(names, [&](const auto& name) { return queue.count(name, State::delivered) == items; });
  };
  CHECK(loop.step_until(scheduler, all_done));
  intake.join();
  scheduler.stop(1s);
  CHECK(loop.step_until(scheduler, [&] { return scheduler.stopped(); }));
  CHECK(queue.violations == 0);
  for (const auto& shown : scheduler.snapshot()) {
    CHECK(shown.delivered == items);
    CHECK(shown.sending_now == 0);
  }
}

TEST_CASE("a_lane_that_hangs_keeps_no_other_from_running_and_ends_by_interrupt") {
  struct Hanging final : core::Courier {
    std::mutex mutex;
    std::condition_variable changed;
    bool interrupted = false;
    void attempt(std::span<core::Consignment> batch, const core::Report& report) override {
      std::unique_lock lock(mutex);
      changed.wait(lock, [this] { return interrupted; });
      for (const auto& c : batch) report(c.item.id, retry(core::Scope::destination, "interrupted"));
    }
    void rest() override {}
    void interrupt() override {
      const std::lock_guard lock(mutex);
      interrupted = true;
      changed.notify_all();
    }
  };
  sim::Queue queue(system_clock());
  Loop loop;
  Events events;
  LaneThreads lanes;
  Scheduler scheduler({queue, lanes, loop, events, system_clock(), system_random()}, hasty());
  scheduler.add({"hangs", 2, [](unsigned) { return std::make_unique<Hanging>(); }});
  scheduler.add({"moody", 1, [](unsigned) { return std::make_unique<Moody>(); }});
  for (unsigned n = 1; n <= 200; ++n) queue.put("hangs", item_of(n)), queue.put("moody", item_of(n));
  scheduler.notify();
  CHECK(loop.step_until(scheduler, [&] { return queue.count("moody", State::delivered) == 200; }));
  CHECK(queue.count("hangs", State::leased) == 128);
  scheduler.stop(5ms);
  CHECK(loop.step_until(scheduler, [&] { return scheduler.stopped(); }));
  CHECK(queue.count("hangs", State::waiting) == 200);
  CHECK(queue.violations == 0);
}

TEST_CASE("jobs_given_before_the_end_still_run") {
  std::atomic<int> ran{0};
  {
    LaneThreads lanes;
    for (int i = 0; i < 50; ++i) lanes.run([&] { ++ran; });
  }
  CHECK(ran == 50);
}
