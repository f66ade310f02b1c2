// SPDX-License-Identifier: Apache-2.0
// Disk room: is there enough of it? One answer for whoever asks: status, events and samples.
//
// A copy that may go at any time takes no room: it goes by itself when the disk needs it (DESIGN, contract 4). What remains counts.
// Pure.
#pragma once

#include <cstdint>
#include <span>

#include "policy/disk_forecast.h"

namespace sampan::policy {

struct DiskRoom {
  std::uint64_t free_bytes = 0, total_bytes = 0;  // of the disk; total 0: nobody knows
  std::uint64_t reclaimable_bytes = 0;            // of copies here that may go
  std::uint64_t owed_bytes = 0;                   // of those that may not
};

// What one destination has not said to keep, of what is here.
struct Unproven {
  bool required = true;
  std::uint64_t bytes = 0;
  std::uint64_t here_bytes = 0;  // of all that is here and was for it
};

// Of so many bytes kept here, those that may go at once. Never too many: what two destinations are owed counts twice, and what
// no required destination is for stays for those that are not.
std::uint64_t reclaimable_bytes(std::uint64_t kept_bytes, std::span<const Unproven> destinations);

// Until images are refused.
std::uint64_t usable_bytes(const DiskRoom& room);

enum class DiskState { well, low, critical };

// By the room there is, and by the forecast where images stay: one that passes on what comes is well on a small disk too.
// before: what it was; low is over only with some room more than where it began.
DiskState judge_disk(const DiskRoom& room, const DiskForecast& forecast, DiskState before);

}  // namespace sampan::policy
