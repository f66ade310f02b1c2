// SPDX-License-Identifier: Apache-2.0
// Snapshot: what is shown of a destination.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "scheduler/breaker.h"
#include "scheduler/duties.h"

namespace sampan::scheduler {

struct BlockedClassSnapshot {
  ClassKey key;
  std::string reason;
  WallTime since{};
};

struct DestinationSnapshot {
  std::string name;
  Breaker::State state = Breaker::State::unknown;
  Millis state_age{};                     // it is in this state for so long, since the start
  std::string last_error;                 // kept after recovery; no patient data
  std::optional<Millis> next_attempt_in;  // while backing off or stopped, and somebody will try or ask
  std::optional<Millis> heard_before;     // so long ago it last answered anything, since the start
  std::optional<WallTime> last_success;
  std::size_t sending_now = 0;  // items on their way
  std::uint64_t delivered = 0;  // these count since the start of the process
  std::uint64_t delivered_bytes = 0;
  std::uint64_t put_back = 0;
  std::uint64_t rejected = 0;
  std::vector<BlockedClassSnapshot> blocked;
  std::string detour_to;  // the fallback that its items go to just now; empty: none
  std::uint64_t detoured = 0;  // delivered by the fallback; also counted above
};

constexpr std::string_view to_string(Breaker::State state) {
  switch (state) {
    case Breaker::State::unknown:
      return "unknown";
    case Breaker::State::up:
      return "up";
    case Breaker::State::backing_off:
      return "backing_off";
    case Breaker::State::stopped:
      return "stopped";
  }
  return "unknown";
}

}  // namespace sampan::scheduler
