// SPDX-License-Identifier: Apache-2.0
#include "scheduler/scheduler.h"

#include <algorithm>
#include <utility>

#include "base/panic.h"
#include "scheduler/destination.h"
#include "scheduler/detour.h"
#include "scheduler/throttle.h"

namespace sampan::scheduler {

Scheduler::Scheduler(Needs needs, const Options& options) : needs_(needs), options_(options) {}
Scheduler::~Scheduler() = default;

void Scheduler::add(DestinationSpec spec) {
  SAMPAN_ASSERT(std::ranges::find(destinations_, spec.name, &Destination::name) == destinations_.end());
  if (stopping_) return;
  spec.line = line_to(spec.name);
  if (spec.fallback) spec.fallback->line = line_to(spec.fallback->to);
  if (spec.fallback) detours_[spec.name] = std::make_unique<Detour>(spec, needs_, options_);
  destinations_.push_back(std::make_unique<Destination>(std::move(spec), needs_, options_));
  notify();
}

std::shared_ptr<Line> Scheduler::line_to(const std::string& name) {
  std::erase_if(lines_, [](const auto& one) { return one.second.expired(); });
  auto line = lines_[name].lock();
  if (!line) lines_[name] = line = std::make_shared<Line>();
  return line;
}

void Scheduler::remove(const std::string& name, Millis grace) {
  const auto found = std::ranges::find(destinations_, name, &Destination::name);
  if (found == destinations_.end()) return;
  (*found)->wind_down(grace);
  leaving_.push_back(std::move(*found));
  destinations_.erase(found);
  if (auto detour = detours_.extract(name)) {
    detour.mapped()->way().wind_down(grace);
    leaving_detours_.push_back(std::move(detour.mapped()));
  }
  notify();
}

void Scheduler::retry_now(const std::string& name) {
  for (const auto& destination : destinations_) {
    if (destination->name() == name) destination->retry_now();
    if (const auto detour = detours_.find(destination->name()); detour != detours_.end() && detour->second->to() == name)
      detour->second->way().retry_now();
  }
  notify();
}

void Scheduler::notify() {
  if (!something_new_.exchange(true)) needs_.waker.wake();
}

MonoTime Scheduler::step() {
  const bool news = something_new_.exchange(false);
  MonoTime next = never;
  for (const auto& detour : leaving_detours_) next = std::min(next, step_leaving(detour->way()));
  std::erase_if(leaving_detours_, [](const auto& detour) { return detour->way().idle(); });
  for (const auto& destination : leaving_) next = std::min(next, step_leaving(*destination));
  std::erase_if(leaving_, [](const auto& destination) { return destination->idle(); });
  for (const auto& destination : destinations_) {
    if (news) destination->something_new();
    next = std::min(next, destination->step());
    const auto detour = detours_.find(destination->name());
    if (detour == detours_.end()) continue;
    if (news) detour->second->way().something_new();
    next = std::min(next, detour->second->step(*destination));
  }
  return next;
}

// Who has its name now found what it held taken, and hears of it here: it is not new to the queue.
MonoTime Scheduler::step_leaving(Destination& leaving) {
  const auto before = leaving.times_given_back();
  const MonoTime next = leaving.step();
  if (leaving.times_given_back() == before) return next;
  const auto heir = std::ranges::find(destinations_, leaving.name(), &Destination::name);
  if (heir != destinations_.end()) (*heir)->something_new();
  if (const auto detour = detours_.find(leaving.name()); detour != detours_.end()) detour->second->way().something_new();
  return next;
}

void Scheduler::stop(Millis grace) {
  stopping_ = true;
  for (const auto& destination : destinations_) destination->wind_down(grace);
  for (const auto& destination : leaving_) destination->wind_down(grace);
  for (const auto& [name, detour] : detours_) detour->way().wind_down(grace);
  for (const auto& detour : leaving_detours_) detour->way().wind_down(grace);
  notify();
}

bool Scheduler::stopped() const {
  const auto idle = [](const auto& destination) { return destination->idle(); };
  const auto way_idle = [](const auto& detour) { return detour->way().idle(); };
  return stopping_ && std::ranges::all_of(destinations_, idle) && std::ranges::all_of(leaving_, idle) &&
         std::ranges::all_of(detours_, [](const auto& one) { return one.second->way().idle(); }) &&
         std::ranges::all_of(leaving_detours_, way_idle);
}

std::vector<DestinationSnapshot> Scheduler::snapshot() const {
  std::vector<DestinationSnapshot> shown;
  for (const auto& destination : destinations_) {
    DestinationSnapshot& one = shown.emplace_back(destination->snapshot());
    const auto detour = detours_.find(one.name);
    if (detour == detours_.end()) continue;
    const DestinationSnapshot way = detour->second->way().snapshot();
    if (detour->second->is_open()) one.detour_to = detour->second->to();
    one.detoured = way.delivered;
    one.delivered += way.delivered;
    one.delivered_bytes += way.delivered_bytes;
    one.sending_now += way.sending_now;
  }
  return shown;
}

}  // namespace sampan::scheduler
