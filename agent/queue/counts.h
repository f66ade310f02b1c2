// SPDX-License-Identifier: Apache-2.0
// Counts: how much is here and waits, from what the ledger counted as it changed. No answer costs more because the queue is long.
//
// Telemetry is counted apart and left out of everything but news_*.
// Threads: any.
// Fails:   a ledger that does not answer gives empty answers and a warning.
#pragma once

#include <optional>
#include <span>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "queue/question.h"

namespace sampan::queue {

struct ReasonCount {
  std::string reason;
  std::uint64_t items = 0;
};

// The one with the empty name stands for none: what waits for it matches no route.
struct DestinationCount {
  std::string destination;
  std::uint64_t waiting = 0, waiting_bytes = 0, on_hold = 0, rejected = 0, delivered = 0, archived = 0;
  std::uint64_t accepted_here = 0;   // of those delivered: not archived, and still here
  std::uint64_t here_bytes = 0;      // of all that is here and was for it
  std::uint64_t unproven_bytes = 0;  // of that, what it has not said that it keeps, on hold and rejected as well
  std::optional<WallTime> oldest_waiting;
  std::optional<WallTime> emergency_waiting;  // of the first that is to go; nothing: none waits
  std::uint64_t news_waiting = 0, news_delivered = 0;  // cargo that travels ahead of images, which the others leave out
  std::vector<ReasonCount> on_hold_reasons, rejected_reasons;  // the most frequent first, at most reasons_shown_max
  std::vector<ReasonCount> waiting_reasons;  // why attempts with single images failed, among the first that wait; the most frequent first
};

struct Totals {
  std::uint64_t items = 0, bytes = 0;
  std::uint64_t quarantined = 0, doubtful = 0;  // that nobody looked at; the latter: ends of segments that the power may have torn
  Millis waited_before{};      // of what was found without a ledger, the longest, by the clock of then
};

struct HourlyIntake {
  WallTime hour{};  // its begin
  std::uint64_t items = 0, bytes = 0;
};

class Counts {
 public:
  explicit Counts(LedgerView& view) : view_(view) {}
  // As LedgerView says.
  std::uint64_t failures() const { return view_.failures(); }

  std::vector<DestinationCount> destinations();
  Totals totals();
  // Images and messages that some destination, or nobody yet, is still owed or has not proven to keep, and what was set
  // aside unread. believed: destinations whose acceptance a person trusts; of a node
  // it is not believed. Walks the ledger: for one who asks before
  // everything goes.
  Result<std::uint64_t> undelivered(const std::set<std::string>& believed);
  // For each border, the waiting deliveries received before it.
  std::vector<std::uint64_t> waiting_before(const std::string& destination, std::span<const WallTime> borders);
  // Minutes in which something came that waits.
  struct Minute {
    WallTime begin{};
    std::uint64_t items = 0;
  };
  std::vector<Minute> waiting_minutes(const std::string& destination);
  // Hours in which something came, since then, in order.
  std::vector<HourlyIntake> intake_since(WallTime from);

 private:
  LedgerView& view_;
};

}  // namespace sampan::queue
