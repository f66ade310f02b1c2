// SPDX-License-Identifier: Apache-2.0
// Windows: when what is no emergency may go to a destination, and how fast.
//
// The first window that holds the moment decides; where none does, only emergencies go. A destination without windows
// takes everything at any time. A window over midnight belongs to the day it begins on.
// Pure: the moment is the caller's, in local time. An hour that summer time skips or repeats is none or two of a kind here,
// so a caller looks again now and then.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/local_time.h"

namespace sampan::policy {

// Minutes of the day, the second one excluded; over midnight when it is not the greater one. Equal: a whole day from there on.
struct Hours {
  unsigned from = 0;
  unsigned to = 0;
  friend bool operator==(const Hours&, const Hours&) = default;
};
bool is_within(const Hours& hours, unsigned minute);

using Days = std::array<bool, 7>;  // from Monday on
inline constexpr Days every_day{true, true, true, true, true, true, true};

struct Window {
  std::vector<Hours> hours;
  Days days = every_day;
  bool only_emergencies = false;
  std::optional<std::uint64_t> bytes_per_second_max{};
};

// What holds at a moment.
struct Passage {
  bool routine = true;  // whether more than emergencies may go
  std::optional<std::uint64_t> bytes_per_second_max{};
  friend bool operator==(const Passage&, const Passage&) = default;
};
Passage passage_at(std::span<const Window> windows, LocalTime moment);

// Until it is another passage; nothing where it stays the same for ever.
std::optional<int> minutes_to_change(std::span<const Window> windows, LocalTime moment);
// Until routine may go again, while it may not; nothing where it may now, or never may.
std::optional<int> minutes_to_opening(std::span<const Window> windows, LocalTime moment);
// Since the time began in which routine may go, or, while it may not, since the last such time began; nothing where it
// always may, or never.
std::optional<int> minutes_since_opening(std::span<const Window> windows, LocalTime moment);

}  // namespace sampan::policy
