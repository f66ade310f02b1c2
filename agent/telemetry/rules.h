// SPDX-License-Identifier: Apache-2.0
// Rules: what happened in, events out. One open event per cause; what repeats is counted.
//
// An event leaves here without id, node and number. Threads: one. Time is brought by the caller.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "telemetry/alarms.h"
#include "telemetry/devices.h"
#include "telemetry/event.h"
#include "telemetry/gauges.h"
#include "telemetry/news.h"

namespace sampan::telemetry {

struct Now {
  WallTime wall{};
  MonoTime mono{};
};

class Rules {
 public:
  // An outage is an event once it lasted so long. mount: where the disk is that gauges speak of.
  Rules(Millis outage, std::string mount, ByNow by_now = as_kept) : outage_(outage), mount_(std::move(mount)), by_now_(std::move(by_now)) {}

  void happened(const News& news);
  void discovered(const Discovery& discovery, WallTime time);
  void outage(Millis least) { outage_ = least; }
  void measured(const Gauges& gauges, Now now);
  void clock_stepped(std::int64_t by_ms, WallTime time);
  void started(const std::string& version, const std::string& before, WallTime time);
  void dropped(std::uint64_t count, const std::string& reason, Now now);
  // Outages that lasted long enough, causes that went quiet. When it wants to be called again at the latest.
  std::optional<MonoTime> pass(Now now);

  std::vector<Event> take();
  Alarms& alarms() { return alarms_; }
  const Alarms& alarms() const { return alarms_; }
  // Counted before the start: only what comes on top is news.
  std::uint64_t quarantined = 0;

 private:
  struct Outage {
    Now since;
    std::string reason;
  };

  Event& emit(const std::string& name, Stage stage, const std::string& cause, Attributes attributes, WallTime time);
  // Counted under its cause; an event the first time.
  std::uint64_t raise(const std::string& name, const std::string& cause, Attributes attributes, Now now, std::uint64_t times = 1);
  void close(const std::string& cause, std::string name, Attributes attributes, WallTime time);
  void refused(const News& news, Now now);
  void recovered(const std::string& destination, Now now);
  void supersede(const std::string& name, const std::string& destination, Now now);
  void look_at_disk(const Gauges& gauges, Now now);
  void room_again(Now now);
  void look_at_outages(const Gauges& gauges, Now now);
  void look_at_counts(const Gauges& gauges, Now now);
  void look_at_doubtful(const Gauges& gauges, Now now);
  void look_at_stranded(const Gauges& gauges, Now now);
  void look_at_proof(const Gauges& gauges, Now now);
  void reconcile(const Gauges& gauges, Now now);
  // How long it was open, in whole seconds, whatever the clock was set to meanwhile.
  std::string seconds_open(const Alarm& alarm, Now now) const;

  Millis outage_;
  const std::string mount_;
  const ByNow by_now_;
  Alarms alarms_;
  std::map<std::string, Outage> outages_;  // by destination, not yet an event
  std::uint64_t conflicts_ = 0, shed_ = 0;  // of this run
  std::vector<Event> events_;
};

}  // namespace sampan::telemetry
