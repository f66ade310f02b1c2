// SPDX-License-Identifier: Apache-2.0
#include "scheduler/detour.h"

#include <algorithm>
#include <utility>

#include "policy/fallback.h"

namespace sampan::scheduler {
namespace {

DestinationSpec way_of(const DestinationSpec& spec) {
  DestinationSpec way;
  way.name = spec.name;
  way.lanes = spec.fallback->lanes;
  way.make_courier = spec.fallback->make_courier;
  way.via = spec.fallback->to;
  way.windows = spec.fallback->windows;
  way.line = spec.fallback->line;
  return way;
}

Needs with(Needs needs, Observer& observer) { return {needs.duties, needs.lanes, needs.waker, observer, needs.clock, needs.random}; }

}  // namespace

Detour::Detour(const DestinationSpec& spec, Needs needs, const Options& options)
    : name_(spec.name),
      to_(spec.fallback->to),
      after_(spec.fallback->after),
      needs_(needs),
      told_(std::make_unique<Told>(needs.observer, to_)),
      way_(std::make_unique<Destination>(way_of(spec), with(needs, *told_), options)) {
  way_->set_open(false);
}

MonoTime Detour::step(Destination& first) {
  const auto before = way_->times_given_back();
  const auto silent_for = first.silent_for();
  const bool open = policy::takes_detour(silent_for, after_);
  if (std::exchange(open_, open) != open) {
    way_->set_open(open);
    open ? needs_.observer.detour_begins(name_, to_) : needs_.observer.detour_ends(name_, to_);
  }
  // The item that the destination is tried with has another way in between.
  if (std::exchange(given_back_, first.times_given_back()) != first.times_given_back()) way_->something_new();
  way_->let_routine_go(first.routine_goes());
  MonoTime next = way_->step();
  if (const auto in = policy::detour_in(silent_for, after_)) next = std::min(next, needs_.clock.mono() + *in);
  if (way_->times_given_back() == before) return next;
  first.something_new();
  return needs_.clock.mono();
}

}  // namespace sampan::scheduler
