// SPDX-License-Identifier: Apache-2.0
// Scheduler: the only loop of the node. Leases what is due, has couriers try it, records what became of it.
//
// It is driven from outside: step() does what is due and returns when it wants to be called next; Waker asks for an
// earlier call. A wake-up carries no work. Every destination is on its own: nothing one does delays another, as long
// as Lanes has a thread for every lane.
// Threads: one for everything but notify(), which any thread may call. Duties::settle and couriers run on lanes.
// Fails:   never; what a next hop does to us is an outcome. Jobs that still run when it is destroyed end on their own.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "scheduler/needs.h"
#include "scheduler/snapshot.h"

namespace sampan::scheduler {

class Destination;
class Detour;

class Scheduler {
 public:
  explicit Scheduler(Needs needs, const Options& options = {});
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // The name is new; two destinations of one name are a panic.
  void add(DestinationSpec spec);
  // It leases nothing more; its couriers may finish what they carry within the grace, and are interrupted then. Another
  // one of its name may be added at once.
  void remove(const std::string& name, Millis grace = Millis{0});
  // A person says that it works again: tried at the next step, whatever its back-off.
  void retry_now(const std::string& name);

  // Something new is waiting, or may be due again.
  void notify();
  MonoTime step();

  // Nothing more is leased, connections are given back, and couriers still busy after the grace are interrupted.
  // Keep stepping until stopped().
  void stop(Millis grace);
  bool stopped() const;

  std::vector<DestinationSnapshot> snapshot() const;

 private:
  using Destinations = std::vector<std::unique_ptr<Destination>>;

  MonoTime step_leaving(Destination& leaving);
  std::shared_ptr<Line> line_to(const std::string& name);

  Needs needs_;
  Options options_;
  Destinations destinations_;
  Destinations leaving_;  // removed, with lanes still running
  std::map<std::string, std::weak_ptr<Line>> lines_;  // by the name of where they lead
  std::map<std::string, std::unique_ptr<Detour>> detours_;  // by the destination's name
  std::vector<std::unique_ptr<Detour>> leaving_detours_;
  std::atomic<bool> something_new_{false};
  bool stopping_ = false;
};

}  // namespace sampan::scheduler
