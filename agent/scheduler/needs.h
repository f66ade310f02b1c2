// SPDX-License-Identifier: Apache-2.0
// Needs: what the scheduler asks of its surroundings besides Duties, and the numbers it works by.
//
// All of them outlive the scheduler and every job it gave to Lanes.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "core/contact.h"
#include "core/courier.h"
#include "core/limits.h"
#include "policy/back_off.h"
#include "policy/windows.h"
#include "scheduler/duties.h"

namespace sampan::scheduler {

// Runs jobs that may block for minutes. A job never waits for another one: there is a thread for every lane.
class Lanes {
 public:
  virtual ~Lanes() = default;
  virtual void run(std::function<void()> job) = 0;
};

// Has step() called soon, on the scheduler's thread. From any thread, cheap, any number of times.
class Waker {
 public:
  virtual ~Waker() = default;
  virtual void wake() = 0;
};

// What a person or an event rule should hear of; once per change. Called on the scheduler's thread, from step().
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void destination_up(const std::string& name) = 0;
  virtual void destination_down(const std::string& name, const std::string& reason) = 0;
  virtual void destination_stopped(const std::string& name, const std::string& reason) = 0;
  virtual void class_blocked(const std::string& name, const ClassKey& key, const std::string& reason) = 0;
  virtual void class_unblocked(const std::string& name, const ClassKey& key) = 0;
  virtual void item_rejected(const std::string& name, const Uuid& item, const std::string& reason) = 0;
  // It does not have an item any more that it accepted; the item is sent again. From any thread.
  virtual void item_lost(const std::string& name, const Uuid& item, const std::string& reason) = 0;
  // It does not get through, and what waits for it goes to its fallback; and that is over.
  virtual void detour_begins(const std::string& name, const std::string& to) = 0;
  virtual void detour_ends(const std::string& name, const std::string& to) = 0;
};

struct Options {
  std::size_t batch_items_max = core::limits::batch_items_max;
  std::uint64_t batch_bytes_max = core::limits::batch_bytes_max;
  policy::BackOff back_off{core::limits::back_off_least, core::limits::back_off_most};
  policy::BackOff doubtful_wait{core::limits::doubtful_wait_least, core::limits::back_off_most};
  Millis configuration_probe_every = core::limits::configuration_probe_every;
  Millis connection_keep_time = core::limits::connection_keep_time;
  Millis lease_pause{100};                           // between leases that gave nothing, at least
  Millis make_way_every{200};                        // between looks for an emergency while every lane is at work
  Millis settle_every = std::chrono::seconds(1);     // outcomes of a long batch are recorded as it goes
  Millis interrupt_every = std::chrono::seconds(1);  // a courier that was interrupted and did not return
};

struct Needs {
  Duties& duties;
  Lanes& lanes;
  Waker& waker;
  Observer& observer;
  const Clock& clock;
  Random& random;  // safe from any thread
};

class Line;

struct DestinationSpec {
  std::string name;
  unsigned lanes = 2;
  // Called on the scheduler's thread when a lane is first used.
  std::function<std::unique_ptr<core::Courier>(unsigned lane)> make_courier;
  // Where its items go when it was silent for so long.
  struct Fallback {
    std::string to;
    Millis after{};
    unsigned lanes = 2;
    std::function<std::unique_ptr<core::Courier>(unsigned lane)> make_courier;
    std::vector<policy::Window> windows{};  // its own
    std::shared_ptr<Line> line{};           // given by the scheduler
  };
  std::optional<Fallback> fallback{};
  // Asked whether it is there while nothing is carried; where there is none, only what is carried tells.
  std::function<std::shared_ptr<core::Contact>()> make_contact{};
  std::vector<policy::Window> windows{};  // when what is no emergency may go there; none: at any time
  std::string via{};  // these are the lanes of a fallback of this name
  std::shared_ptr<Line> line{};  // given by the scheduler: one for all lanes to one place
};

}  // namespace sampan::scheduler
