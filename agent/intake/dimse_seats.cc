// SPDX-License-Identifier: Apache-2.0
#include "intake/dimse_seats.h"

#include "base/panic.h"

namespace sampan::intake {

Seating Seats::take(const std::string& host) {
  const std::lock_guard lock(mutex_);
  if (total_ >= total_max_) return Seating::house_full;
  const auto known = by_host_.find(host);
  if (known != by_host_.end() && known->second >= per_host_max_) return Seating::host_full;
  ++by_host_[host];
  ++total_;
  return Seating::seated;
}

void Seats::leave(const std::string& host) {
  const std::lock_guard lock(mutex_);
  const auto known = by_host_.find(host);
  SAMPAN_ASSERT(known != by_host_.end() && total_ > 0);
  if (--known->second == 0) by_host_.erase(known);
  --total_;
}

void Seats::resize(unsigned total_max, unsigned per_host_max) {
  const std::lock_guard lock(mutex_);
  total_max_ = total_max;
  per_host_max_ = per_host_max;
}

unsigned Seats::taken() const {
  const std::lock_guard lock(mutex_);
  return total_;
}

}  // namespace sampan::intake
