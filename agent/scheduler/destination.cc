// SPDX-License-Identifier: Apache-2.0
#include "scheduler/destination.h"

#include <algorithm>

namespace sampan::scheduler {

Destination::Destination(DestinationSpec spec, Needs needs, const Options& options)
    : spec_(std::move(spec)),
      needs_(needs),
      options_(options),
      lanes_(std::clamp(spec_.lanes, 1u, core::limits::lanes_max)),
      breaker_(options.back_off, options.configuration_probe_every),
      since_(needs.clock.wall()) {}

MonoTime Destination::step() {
  collect();
  if (!winding_down_) send_out();
  rest_lanes();
  interrupt_late_ones();
  return next_step();
}

void Destination::something_new() {
  nothing_until_ = {};
  blocked_.something_new(needs_.clock.mono());
}

void Destination::retry_now() {
  const MonoTime now = needs_.clock.mono();
  breaker_.probe_now(now);
  for (Lane& lane : lanes_) lane.paused_until = now;
  something_new();
}

void Destination::wind_down(Millis grace) {
  winding_down_ = true;
  interrupt_at_ = needs_.clock.mono() + grace;
}

bool Destination::idle() const {
  return std::ranges::none_of(lanes_, [](const Lane& lane) { return lane.busy || lane.connected; });
}

void Destination::collect() {
  std::vector<Arrival> arrivals;
  {
    const std::lock_guard lock(post_box_->mutex);
    arrivals.swap(post_box_->arrivals);
  }
  for (const Arrival& arrival : arrivals) {
    Lane& lane = lanes_[arrival.lane];
    lane.busy = false;
    if (arrival.report) learn(lane, *arrival.report);
  }
}

void Destination::send_out() {
  if (breaker_.open()) return probe();
  probe_classes();
  while (needs_.clock.mono() >= nothing_until_) {
    Lane* lane = free_lane(false);
    if (lane == nullptr) return;
    // A lane that just failed alone feels its way with one item.
    Leased leased = needs_.duties.lease(request(lane->failures > 0 ? 1 : options_.batch_items_max));
    if (leased.items.empty()) {
      nothing_until_ = next_lease(leased);
      return;
    }
    launch(*lane, std::move(leased.items));
  }
}

void Destination::probe() {
  const MonoTime now = needs_.clock.mono();
  if (now < breaker_.probe_at() || now < nothing_until_ || probing()) return;
  Lane* lane = free_lane(true);
  if (lane == nullptr) return;
  Leased leased = lease_probe();
  if (leased.items.empty()) {
    nothing_until_ = next_lease(leased);
    return;
  }
  lane->probing = true;
  launch(*lane, std::move(leased.items));
}

// What was not tried yet in this outage; then what was; then even a blocked class, which tells as well who is alive.
Leased Destination::lease_probe() {
  LeaseRequest wanted = request(1);
  wanted.skip_items = suspects_.tried();
  Leased leased = needs_.duties.lease(wanted);
  if (leased.items.empty() && !wanted.skip_items.empty()) {
    suspects_.new_round();
    wanted.skip_items.clear();
    leased = needs_.duties.lease(wanted);
  }
  if (leased.items.empty() && !wanted.skip_classes.empty()) {
    wanted.skip_classes.clear();
    leased = needs_.duties.lease(wanted);
  }
  return leased;
}

void Destination::probe_classes() {
  while (const auto key = blocked_.due(needs_.clock.mono())) {
    Lane* lane = free_lane(false);
    if (lane == nullptr) return;
    LeaseRequest wanted = request(1);
    wanted.skip_classes.clear();
    wanted.only_class = *key;
    wanted.skip_items = suspects_.tried();
    Leased leased = needs_.duties.lease(wanted);
    if (leased.items.empty() && !wanted.skip_items.empty()) {
      suspects_.new_round();
      wanted.skip_items.clear();
      leased = needs_.duties.lease(wanted);
    }
    if (leased.items.empty()) {
      blocked_.probe_found_nothing(*key, next_lease(leased));
      continue;
    }
    blocked_.probe_begins(*key);
    lane->probed_class = *key;
    launch(*lane, std::move(leased.items));
  }
}

// Never at once again, so that a queue that contradicts itself costs no processor.
MonoTime Destination::next_lease(const Leased& leased) const {
  return leased.due_at ? std::max(*leased.due_at, needs_.clock.mono() + options_.lease_pause) : never;
}

LeaseRequest Destination::request(std::size_t items_max) const {
  return {spec_.name, items_max, options_.batch_bytes_max, blocked_.keys(), {}, std::nullopt};
}

void Destination::launch(Lane& lane, std::vector<core::Consignment> items) {
  Load load{spec_.name, std::move(items)};
  load.healthy = !lane.probing && lane.failures == 0;
  for (const core::Consignment& consignment : load.items) {
    const unsigned strikes = suspects_.strikes(consignment.item.id);
    if (strikes > 0) load.strikes[consignment.item.id] = strikes;
  }
  lane.connected = true;
  auto trip = std::make_shared<Trip>(std::move(load), needs_, options_, tally_);
  run(lane, [trip](core::Courier& courier) { return trip->run(courier); });
}

void Destination::run(Lane& lane, std::function<std::optional<TripReport>(core::Courier&)> job) {
  const auto index = static_cast<std::size_t>(&lane - lanes_.data());
  if (!lane.courier) lane.courier = spec_.make_courier(static_cast<unsigned>(index));
  lane.busy = true;
  lane.started = needs_.clock.mono();
  lane.rest_at = never;
  needs_.lanes.run([job = std::move(job), courier = lane.courier, box = post_box_, &waker = needs_.waker, index] {
    Arrival arrival{index, job(*courier)};
    {
      const std::lock_guard lock(box->mutex);
      box->arrivals.push_back(std::move(arrival));
    }
    waker.wake();
  });
}

Destination::Lane* Destination::free_lane(bool even_paused) {
  const MonoTime now = needs_.clock.mono();
  const auto usable = [&](const Lane& lane) { return !lane.busy && (even_paused || lane.paused_until <= now); };
  const auto found = std::ranges::find_if(lanes_, usable);
  return found == lanes_.end() ? nullptr : &*found;
}

bool Destination::probing() const {
  return std::ranges::any_of(lanes_, [](const Lane& lane) { return lane.busy && lane.probing; });
}

void Destination::rest_lanes() {
  const MonoTime now = needs_.clock.mono();
  for (Lane& lane : lanes_) {
    if (lane.busy || !lane.connected || (now < lane.rest_at && !winding_down_)) continue;
    lane.connected = false;
    run(lane, [](core::Courier& courier) {
      courier.rest();
      return std::nullopt;
    });
  }
}

void Destination::interrupt_late_ones() {
  const MonoTime now = needs_.clock.mono();
  if (now < interrupt_at_ || idle()) return;
  for (Lane& lane : lanes_) {
    if (lane.busy) lane.courier->interrupt();
  }
  interrupt_at_ = now + options_.interrupt_every;
}

MonoTime Destination::next_step() const {
  if (winding_down_) return idle() ? never : interrupt_at_;
  MonoTime next = never;
  for (const Lane& lane : lanes_) {
    if (lane.busy) continue;
    next = std::min(next, lane.rest_at);
    if (!breaker_.open())
      next = std::min(next, std::max(lane.paused_until, std::min(nothing_until_, blocked_.next_probe_at())));
    if (breaker_.open() && !probing()) next = std::min(next, std::max(breaker_.probe_at(), nothing_until_));
  }
  return next;
}

DestinationSnapshot Destination::snapshot() const {
  DestinationSnapshot shown;
  shown.name = spec_.name;
  shown.state = breaker_.state();
  shown.since = since_;
  shown.last_error = last_error_;
  if (breaker_.open()) shown.next_attempt_in = std::max(breaker_.probe_at() - needs_.clock.mono(), Millis{0});
  if (const auto ms = tally_->last_success_ms.load(); ms != 0) shown.last_success = WallTime{ms};
  shown.sending_now = tally_->sending;
  shown.delivered = tally_->delivered;
  shown.delivered_bytes = tally_->delivered_bytes;
  shown.put_back = tally_->put_back;
  shown.rejected = tally_->rejected;
  for (const auto& [key, blocked] : blocked_.all()) shown.blocked.push_back({key, blocked.reason, blocked.since});
  return shown;
}

}  // namespace sampan::scheduler
