// SPDX-License-Identifier: Apache-2.0
// Outcome: the three answers an attempt can have. A courier reports; policy and scheduler decide what follows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/hash.h"
#include "base/ids.h"

namespace sampan::core {

// The numbers are on disk: never reuse or renumber.
enum class Level : std::uint8_t { accepted = 1, archived = 2 };

// The next hop's statement about one item.
struct Receipt {
  Uuid item;
  Digest sha256{};
  std::string node;  // who said so: AE title, host or node name
  WallTime time{};   // when this node learnt it
  Level level = Level::accepted;
};

// What an attempt that failed says about the next one.
enum class Scope : std::uint8_t {
  item,         // only this item
  sop_class,    // this destination, this SOP class and transfer syntax: the class is blocked and probed
  destination,  // nothing gets through just now: the breaker opens
  configuration,  // the destination refuses this node: stopped, one alarm, probed slowly
  this_node     // this node broke it off: nobody's failure and no try, so it waits for nothing
};

struct Delivered {
  Receipt receipt;
};
struct Retry {
  std::string reason;  // plain words and the code, e.g. "0xA700 out of resources"; no patient data
  Scope scope = Scope::destination;
  std::optional<Millis> not_before;  // the peer's own wish (Retry-After), from now
  std::uint8_t tries_max = 0;        // doubtful outcomes: rejected after so many; 0 means never
};
struct Rejected {
  std::string reason;
};

using Outcome = std::variant<Delivered, Retry, Rejected>;

// States of a delivery on disk. Sending exists only in memory. The numbers are on disk.
enum class DeliveryState : std::uint8_t { waiting = 1, on_hold = 2, delivered = 3, rejected = 4 };

std::string_view to_string(Level level);
std::string_view to_string(DeliveryState state);

}  // namespace sampan::core
