// SPDX-License-Identifier: Apache-2.0
#include "scheduler/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/panic.h"
#include "scheduler/destination.h"

namespace sampan::scheduler {

Scheduler::Scheduler(Needs needs, const Options& options) : needs_(needs), options_(options) {}
Scheduler::~Scheduler() = default;

void Scheduler::add(DestinationSpec spec) {
  SAMPAN_ASSERT(std::ranges::find(destinations_, spec.name, &Destination::name) == destinations_.end());
  if (stopping_) return;
  destinations_.push_back(std::make_unique<Destination>(std::move(spec), needs_, options_));
  notify();
}

void Scheduler::remove(const std::string& name, Millis grace) {
  const auto found = std::ranges::find(destinations_, name, &Destination::name);
  if (found == destinations_.end()) return;
  (*found)->wind_down(grace);
  leaving_.push_back(std::move(*found));
  destinations_.erase(found);
  notify();
}

void Scheduler::retry_now(const std::string& name) {
  for (const auto& destination : destinations_) {
    if (destination->name() == name) destination->retry_now();
  }
  notify();
}

void Scheduler::notify() {
  if (!something_new_.exchange(true)) needs_.waker.wake();
}

MonoTime Scheduler::step() {
  const bool news = something_new_.exchange(false);
  MonoTime next = never;
  for (const auto& destination : destinations_) {
    if (news) destination->something_new();
    next = std::min(next, destination->step());
  }
  for (const auto& destination : leaving_) next = std::min(next, destination->step());
  std::erase_if(leaving_, [](const auto& destination) { return destination->idle(); });
  return next;
}

void Scheduler::stop(Millis grace) {
  stopping_ = true;
  for (const auto& destination : destinations_) destination->wind_down(grace);
  for (const auto& destination : leaving_) destination->wind_down(grace);
  notify();
}

bool Scheduler::stopped() const {
  const auto idle = [](const auto& destination) { return destination->idle(); };
  return stopping_ && std::ranges::all_of(destinations_, idle) && std::ranges::all_of(leaving_, idle);
}

std::vector<DestinationSnapshot> Scheduler::snapshot() const {
  std::vector<DestinationSnapshot> shown;
  for (const auto& destination : destinations_) shown.push_back(destination->snapshot());
  return shown;
}

}  // namespace sampan::scheduler
