// SPDX-License-Identifier: Apache-2.0
// Alarms: causes that last. One cause has one alarm open, however often it happens; it is counted.
//
// Threads: one. Bounded: limits::alarms_open_max; the oldest makes room.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"
#include "telemetry/event.h"

namespace sampan::telemetry {

struct Alarm {
  std::string name;  // of the event that opened it
  Severity severity = Severity::warning;
  WallTime opened{}, last{};
  std::uint64_t count = 0;
  Attributes attributes;
  MonoTime opened_mono{}, last_mono{};  // of this run
  bool confirmed = true;                // false: from before the start, and not seen again
};

class Alarms {
 public:
  // How often it happened so far; 1: it is new.
  std::uint64_t raise(const std::string& cause, const std::string& name, Severity severity, Attributes attributes, WallTime time,
                      MonoTime now);
  std::optional<Alarm> close(const std::string& cause);
  Alarm* find(const std::string& cause);
  const std::map<std::string, Alarm>& all() const { return alarms_; }
  std::size_t open_of(const std::string& name) const;
  void restore(const std::string& cause, Alarm alarm, MonoTime now);

 private:
  std::map<std::string, Alarm> alarms_;  // by cause
};

}  // namespace sampan::telemetry
