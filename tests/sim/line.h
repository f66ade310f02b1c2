// SPDX-License-Identifier: Apache-2.0
// Line: the network between two sites: up or down, slow, and cut at any moment of a transfer; and what travels on it.
//
// Threads: one.
#pragma once

#include <algorithm>
#include <string>

#include "sim/world.h"

namespace sampan::sim {

class Line {
 public:
  Line(World& world, std::string its_name) : name(std::move(its_name)), world_(world) {}
  bool up() const { return up_; }
  void set_up(bool up) {
    if (up != up_) world_.trace("line " + name + (up ? ": up" : ": down"));
    up_ = up;
  }
  // Bytes go over; false: it was cut meanwhile, and nobody knows how much arrived.
  bool carry(std::uint64_t bytes) {
    if (!up_) return false;
    world_.pass(std::min<std::int64_t>(latency_ms + static_cast<std::int64_t>(bytes) * 1000 / bytes_per_s, 10 * second));
    return world_.healed || !world_.dice.chance(cuts_in_1000);
  }

  const std::string name;
  std::int64_t latency_ms = 5, bytes_per_s = 1'000'000;
  unsigned cuts_in_1000 = 0;

 private:
  World& world_;
  bool up_ = true;
};

}  // namespace sampan::sim
