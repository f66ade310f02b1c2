// SPDX-License-Identifier: Apache-2.0
// Disk room: is there enough of it, and when will there be none? One answer for whoever asks: status, events and samples.
//
// A copy that may go at any time takes no room: it goes by itself when the disk needs it (DESIGN, contract 4). What remains counts,
// and how fast it became less lately. Threads: one, of a DiskTrend; the functions are pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>

#include "base/clock.h"

namespace sampan::policy {

struct DiskRoom {
  std::uint64_t free_bytes = 0, total_bytes = 0;  // of the disk; total 0: nobody knows
  std::uint64_t reclaimable_bytes = 0;            // of copies here that may go
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

// before: what it was; low is over only with some room more than where it began.
DiskState judge_disk(const DiskRoom& room, std::optional<Millis> full_in, DiskState before);

// Least squares would say no more: the oldest room of the last day against the room now.
class DiskTrend {
 public:
  void note(std::uint64_t usable_bytes, MonoTime now);
  // At the pace since then. Nothing while it does not fill, or was not looked at for long enough.
  std::optional<Millis> full_in() const;

 private:
  struct Seen {
    MonoTime at{};
    std::uint64_t bytes = 0;
  };
  std::deque<Seen> seen_;  // a day of it
  Seen last_;
};

}  // namespace sampan::policy
