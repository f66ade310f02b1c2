// SPDX-License-Identifier: Apache-2.0
#include "policy/back_off.h"

#include <algorithm>

namespace sampan::policy {
namespace {

Millis ceiling(const BackOff& bounds, unsigned failures) {
  Millis most = bounds.least;
  for (unsigned i = 0; i < failures && most < bounds.most; ++i) {
    most = most > bounds.most / 2 ? bounds.most : most * 2;
  }
  return std::min(most, bounds.most);
}

}  // namespace

Millis back_off(const BackOff& bounds, unsigned failures, double unit) {
  const Millis room = std::max(ceiling(bounds, failures) - bounds.least, Millis{0});
  const auto part = static_cast<Millis::rep>(static_cast<double>(room.count()) * std::clamp(unit, 0.0, 1.0));
  return std::min(bounds.least + Millis(part), bounds.most);
}

Millis back_off(const BackOff& bounds, unsigned failures, double unit, std::optional<Millis> wish) {
  return std::min(std::max(back_off(bounds, failures, unit), wish.value_or(Millis{0})), bounds.most);
}

Millis wait_left(WallTime not_before, WallTime now, Millis most) {
  if (not_before <= now) return Millis{0};
  // Unsigned, because two wild clocks may lie further apart than a signed count reaches.
  const std::uint64_t left = static_cast<std::uint64_t>(not_before.ms) - static_cast<std::uint64_t>(now.ms);
  return Millis(static_cast<Millis::rep>(std::min(left, static_cast<std::uint64_t>(most.count()))));
}

}  // namespace sampan::policy
