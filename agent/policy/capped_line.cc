// SPDX-License-Identifier: Apache-2.0
#include "policy/capped_line.h"

#include <algorithm>

namespace sampan::policy {

MonoTime CappedLine::book(std::uint64_t bytes, MonoTime now) {
  free_at_ = std::max(free_at_, now + -burst_);
  const MonoTime goes = std::max(free_at_, now);
  rest_ += bytes * 1000;
  free_at_ = free_at_ + Millis(static_cast<std::int64_t>(rest_ / bytes_per_second_max_));
  rest_ %= bytes_per_second_max_;
  return goes;
}

void CappedLine::note(std::uint64_t bytes, MonoTime now) {
  const MonoTime most = std::max(free_at_, now + burst_);  // what others wait for already is not taken back
  book(bytes, now);
  free_at_ = std::min(free_at_, most);
}

}  // namespace sampan::policy
