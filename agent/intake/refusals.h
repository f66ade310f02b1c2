// SPDX-License-Identifier: Apache-2.0
// Refusals: the last callers this node turned away, and why; what a technician needs first when images do not arrive.
//
// The same caller refused again for the same reason is one entry with a count, so that a console that retries every
// minute does not push the others out. Calling and called AE titles are shown as sent, made printable.
// Threads: any.   Bounded: limits::refused_callers_kept entries.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"

namespace sampan::intake {

struct Refusal {
  WallTime time{};           // the last time
  std::string peer_address;  // numeric
  std::string calling_ae;    // empty when the connection never got so far
  std::string called_ae;
  std::uint16_t code = 0;    // association reject as source and reason, e.g. 0x0103; 0 when there was none to reject
  std::string reason;        // for a person
  std::uint64_t times = 1;
};

class Refusals {
 public:
  // How often this caller was refused for this reason, this time included.
  std::uint64_t remember(Refusal refusal);
  // Newest first.
  std::vector<Refusal> snapshot() const;
  std::uint64_t total() const;

 private:
  mutable std::mutex mutex_;
  std::deque<Refusal> kept_;  // oldest first
  std::uint64_t total_ = 0;
};

}  // namespace sampan::intake
