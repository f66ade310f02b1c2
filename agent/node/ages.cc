// SPDX-License-Identifier: Apache-2.0
#include "node/ages.h"

#include <algorithm>

#include "core/limits.h"

namespace sampan::node {

WallTime Ages::came_in(const queue::Counts::Minute& minute) const { return past_.by_now(minute.begin, std::chrono::minutes(1)); }

void Ages::say_by_now(queue::QueueSummary& summary) const {
  if (past_.empty()) return;
  for (auto& one : summary.destinations) {
    if (one.emergency_waiting) one.emergency_waiting = past_.by_now(*one.emergency_waiting);
    if (!one.oldest_waiting) continue;
    one.oldest_waiting = past_.by_now(*one.oldest_waiting);
    for (const auto& minute : counts_.waiting_minutes(one.destination)) one.oldest_waiting = std::min(*one.oldest_waiting, came_in(minute));
  }
}

std::map<std::string, control::AgeCounts> Ages::waiting(const queue::QueueSummary& summary) const {
  std::map<std::string, control::AgeCounts> all;
  for (const auto& one : summary.destinations)
    all[one.destination] = past_.empty() ? by_millisecond(one.destination, summary.ran) : by_minute(one.destination, summary);
  return all;
}

control::AgeCounts Ages::by_millisecond(const std::string& destination, Millis ran) const {
  std::vector<WallTime> borders{WallTime{INT64_MAX}};  // of the buckets: younger first
  for (const std::int64_t end_s : control::age_ends_s) borders.push_back({now_.ms - end_s * 1000 + 1});
  auto older = counts_.waiting_before(destination, borders);
  for (std::size_t i = 0; i < control::age_ends_s.size(); ++i)
    if (ran < std::chrono::seconds(control::age_ends_s[i])) older[i + 1] = 0;
  control::AgeCounts buckets{};
  for (std::size_t i = 0; i < buckets.size(); ++i)
    buckets[i] = older[i] - std::min(older[i], i + 1 < older.size() ? older[i + 1] : 0);
  return buckets;
}

control::AgeCounts Ages::by_minute(const std::string& destination, const queue::QueueSummary& summary) const {
  control::AgeCounts buckets{};
  for (const auto& minute : counts_.waiting_minutes(destination)) {
    buckets[control::age_bucket(summary.age(came_in(minute), now_).count() / 1000)] += minute.items;
  }
  return buckets;
}

std::vector<policy::Intake> Ages::intake() const {
  const WallTime from{now_.ms - Millis(core::limits::intake_rate_time).count()};
  std::vector<policy::Intake> hours;
  for (const auto& hour : counts_.intake_since(past_.empty() ? from : WallTime{0}))
    if (const WallTime came = past_.by_now(hour.hour, std::chrono::hours(1)); came >= from && came <= now_) hours.push_back({came, hour.bytes});
  return hours;
}

}  // namespace sampan::node
