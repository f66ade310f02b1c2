// SPDX-License-Identifier: Apache-2.0
#include "telemetry/alarms.h"

#include <algorithm>

#include "core/limits.h"

namespace sampan::telemetry {

std::uint64_t Alarms::raise(const std::string& cause, const std::string& name, Severity severity, Attributes attributes, WallTime time,
                            MonoTime now) {
  auto found = alarms_.find(cause);
  if (found == alarms_.end()) {
    if (alarms_.size() >= core::limits::alarms_open_max)
      alarms_.erase(std::min_element(alarms_.begin(), alarms_.end(),
                                     [](const auto& a, const auto& b) { return a.second.last_mono < b.second.last_mono; }));
    found = alarms_.emplace(cause, Alarm{}).first;
    found->second.name = name;
    found->second.severity = severity;
    found->second.opened = time;
    found->second.opened_mono = now;
  }
  Alarm& alarm = found->second;
  alarm.attributes = std::move(attributes);
  alarm.last = time;
  alarm.last_mono = now;
  alarm.confirmed = true;
  return ++alarm.count;
}

std::optional<Alarm> Alarms::close(const std::string& cause) {
  const auto found = alarms_.find(cause);
  if (found == alarms_.end()) return {};
  Alarm alarm = std::move(found->second);
  alarms_.erase(found);
  return alarm;
}

Alarm* Alarms::find(const std::string& cause) {
  const auto found = alarms_.find(cause);
  return found == alarms_.end() ? nullptr : &found->second;
}

std::size_t Alarms::open_of(const std::string& name) const {
  return static_cast<std::size_t>(
      std::count_if(alarms_.begin(), alarms_.end(), [&](const auto& entry) { return entry.second.name == name; }));
}

void Alarms::restore(const std::string& cause, Alarm alarm, MonoTime now) {
  if (alarms_.size() >= core::limits::alarms_open_max) return;
  alarm.opened_mono = alarm.last_mono = now;
  alarm.confirmed = false;
  alarms_.emplace(cause, std::move(alarm));
}

}  // namespace sampan::telemetry
