// SPDX-License-Identifier: Apache-2.0
#include "intake/refusals.h"

#include <algorithm>

#include "core/limits.h"

namespace sampan::intake {
namespace {

bool same_cause(const Refusal& a, const Refusal& b) {
  return a.code == b.code && a.peer_address == b.peer_address && a.calling_ae == b.calling_ae &&
         a.called_ae == b.called_ae && a.reason == b.reason;
}

}  // namespace

std::uint64_t Refusals::remember(Refusal refusal) {
  const std::lock_guard lock(mutex_);
  ++total_;
  const auto known = std::find_if(kept_.begin(), kept_.end(), [&](const Refusal& r) { return same_cause(r, refusal); });
  if (known != kept_.end()) {
    refusal.times += known->times;
    kept_.erase(known);
  }
  const std::uint64_t times = refusal.times;
  kept_.push_back(std::move(refusal));
  if (kept_.size() > core::limits::refused_callers_kept) kept_.pop_front();
  return times;
}

std::vector<Refusal> Refusals::snapshot() const {
  const std::lock_guard lock(mutex_);
  return {kept_.rbegin(), kept_.rend()};
}

std::uint64_t Refusals::total() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

}  // namespace sampan::intake
