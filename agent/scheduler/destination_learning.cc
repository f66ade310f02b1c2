// SPDX-License-Identifier: Apache-2.0
// What a destination learns from a trip. The other half, what it sends out, is in destination.cc.
#include <algorithm>

#include "scheduler/destination.h"

namespace sampan::scheduler {

void Destination::learn(Lane& lane, const TripReport& report) {
  const MonoTime now = needs_.clock.mono();
  lane.rest_at = now + options_.connection_keep_time;
  nothing_until_ = {};
  // What was leased ahead was chosen by what was known before.
  if (report.trouble || !report.struck.empty() || !report.refused.empty()) give_back_ahead();
  if (lane.probed_class) blocked_.probe_ends(*lane.probed_class);
  lane.probed_class.reset();
  learn_items(lane, report);
  // A courier that was interrupted says nothing about its destination.
  if (!winding_down_) {
    learn_classes(report);
    learn_trouble(lane, report);
  }
  const bool nothing_known = !report.trouble && !breaker_.open() && std::ranges::none_of(lanes_, &Lane::busy);
  if (report.answered || nothing_known) silent_since_.reset();
}

void Destination::learn_items(const Lane& lane, const TripReport& report) {
  if (report.trouble) {
    const bool known = suspects_.contains(report.trouble->first);
    only_suspects_failed_ = known && (only_suspects_failed_ || !breaker_.open());
    if (lane.mode == Mode::probe) suspects_.note(report.trouble->first);
  }
  for (const Uuid& item : report.struck) suspects_.strike(item);
  for (const Uuid& item : report.gone) suspects_.forget(item);
  for (const auto& [item, reason] : report.rejected) needs_.observer.item_rejected(spec_.name, item, reason);
}

void Destination::learn_classes(const TripReport& report) {
  for (const ClassKey& key : report.passed) {
    if (blocked_.pass(key)) needs_.observer.class_unblocked(spec_.name, key);
  }
  for (const auto& [key, trouble] : report.refused) {
    const unsigned refusals = blocked_.refusals(key) + 1;
    const Millis wait = policy::back_off(options_.back_off, refusals, needs_.random.unit(), trouble.wish);
    const bool news = blocked_.refuse(key, trouble.reason, needs_.clock.wall(), needs_.clock.mono() + wait);
    if (news) needs_.observer.class_blocked(spec_.name, key, trouble.reason);
  }
}

void Destination::learn_trouble(Lane& lane, const TripReport& report) {
  const MonoTime now = needs_.clock.mono();
  if (report.trouble) last_error_ = report.trouble->reason;
  if (report.answered) {
    lane.last_answer = now;
    lane.failures = 0;
    lane.moved_in_vain = false;
    heard_.heard(now, chance());
    close_breaker();
  }
  if (report.trouble && lane.movement && lane.movement->was_seen()) lane.moved_in_vain = true;
  if (!report.trouble || lane.mode == Mode::alone) return;
  if (!breaker_.open() && others_get_through(lane)) {
    lane.paused_until =
        now + policy::back_off(options_.back_off, ++lane.failures, needs_.random.unit(), report.trouble->wish);
    return;
  }
  open_breaker(*report.trouble);
  heard_.attempt_failed();
}

void Destination::open_breaker(const TripReport::Trouble& trouble) {
  const MonoTime now = needs_.clock.mono();
  if (!breaker_.open()) heard_.outage_begins(now);
  heard_.ask(std::max(heard_.ask_at(), wished(trouble.wish)));
  if (trouble.scope == core::Scope::configuration) {
    if (!breaker_.refused(now)) return;
    since_ = now;
    needs_.observer.destination_stopped(spec_.name, trouble.reason);
    return;
  }
  if (!breaker_.failed(now, needs_.random.unit(), trouble.wish)) return;
  since_ = now;
  needs_.observer.destination_down(spec_.name, trouble.reason);
}

void Destination::close_breaker() {
  const bool was_open = breaker_.open();
  heard_.outage_ends();
  if (!breaker_.succeeded()) return;
  since_ = needs_.clock.mono();
  if (was_open) {
    suspects_.new_round();
    suspects_turn_ = true;  // somebody got through just now
    for (Lane& lane : lanes_) {
      lane.paused_until = {};
      lane.failures = 0;
      lane.moved_in_vain = false;
    }
  }
  needs_.observer.destination_up(spec_.name);
}

bool Destination::others_get_through(const Lane& lane) const {
  return std::ranges::any_of(lanes_, [&](const Lane& other) {
    return &other != &lane && (gets_through(other) || (other.last_answer && *other.last_answer >= lane.started));
  });
}

// A lane that failed before and tries again says little: lanes that take turns in waiting for an answer would vouch for each other
// for ever, and nobody would hear that the destination is silent. One whose bytes go out is getting somewhere, unless they went
// out before and nothing came of it.
bool Destination::gets_through(const Lane& lane) const {
  if (!lane.busy || lane.asking || !lane.connected) return false;
  const bool believed = lane.failures == 0 || silent_for() < core::limits::answer_time_max;
  if (lane.mode == Mode::batch && believed) return true;
  return !lane.moved_in_vain && lane.movement->goes_on(needs_.clock.mono());
}

}  // namespace sampan::scheduler
