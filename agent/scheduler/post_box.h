// SPDX-License-Identifier: Apache-2.0
// Post box: what lanes tell their destination, and the load it laid ready for the lane that is done first.
//
// A lane whose trip went well takes that load by itself, so that it never waits for the scheduler; the scheduler hears of it with
// the report, and may take the load back until then.
// Threads: any.   Fails: never.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "scheduler/needs.h"
#include "scheduler/trip.h"

namespace sampan::scheduler {

class PostBox {
 public:
  explicit PostBox(Waker& waker) : waker_(waker) {}

  // What a lane went on with.
  struct Onward {
    MonoTime started{};
    bool urgent = false, routine = false;
    std::shared_ptr<Yield> yield{};
    std::shared_ptr<Movement> movement{};
  };
  // To the question whether it is there. Nothing: yes.
  struct Said {
    std::optional<core::Retry> trouble{};
  };
  struct Arrival {
    std::size_t lane;
    std::optional<TripReport> report;  // none: it only rested, or asked
    std::optional<Onward> onward{};    // none: the lane is free
    std::optional<Said> said{};
  };
  struct Mail {
    std::vector<Arrival> arrivals;
    std::vector<std::size_t> nearly_done;  // lanes
  };

  // Both wake the scheduler.
  void tell(Arrival arrival) {
    {
      const std::lock_guard lock(mutex_);
      mail_.arrivals.push_back(std::move(arrival));
    }
    waker_.wake();
  }
  void tell_nearly_done(std::size_t lane) {
    {
      const std::lock_guard lock(mutex_);
      mail_.nearly_done.push_back(lane);
    }
    waker_.wake();
  }
  Mail collect() {
    const std::lock_guard lock(mutex_);
    return std::exchange(mail_, {});
  }

  void lay_ready(Load load) {
    const std::lock_guard lock(mutex_);
    ready_ = std::move(load);
  }
  bool is_ready() const {
    const std::lock_guard lock(mutex_);
    return ready_.has_value();
  }
  bool is_urgent() const {
    const std::lock_guard lock(mutex_);
    return ready_ && ready_->urgent();
  }
  std::optional<Load> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(ready_, std::nullopt);
  }

 private:
  Waker& waker_;
  mutable std::mutex mutex_;
  Mail mail_;
  std::optional<Load> ready_;
};

}  // namespace sampan::scheduler
