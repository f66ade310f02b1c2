// SPDX-License-Identifier: Apache-2.0
// Clock past: what the wall clock said before it was set, by what it says now.
//
// A clock that was set leaves times behind that are off by years: this morning's exam says 1970. Nothing stored is changed; whoever
// asks how long ago, or for what is of today, compares by this. A start with a clock behind what it said last (a dead battery, or
// somebody corrected it meanwhile) is a step as well, and undone where the clock is ahead of that again. One that was ahead since a
// start, and is set back to after what it said before that start, was wrong since then only.
// Pure. Bounded: limits::clock_stretches_max, of which the oldest is forgotten.
// Fails:   text that is none of ours is an empty past.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace sampan::policy {

class ClockPast {
 public:
  // A node begins to work, and this is what the clock says.
  void start(WallTime now);
  // The clock goes on.
  void goes(WallTime now) { seen_ = now; }
  // It said `said`, and in the same moment so much more.
  void set(WallTime said, Millis by);

  // What the clock as it is now would have said. within: it is known by so much, as of an hour only its begin.
  WallTime by_now(WallTime stored, Millis within = Millis(0)) const;
  // Where times from..to may be found as they were stored; by_now() says whether one is such a time.
  using Range = std::pair<WallTime, WallTime>;
  std::vector<Range> stored_as(WallTime from, WallTime to) const;
  bool empty() const { return stretches_.empty(); }

  std::string text() const;
  static ClockPast read(std::string_view text);

 private:
  struct Stretch {
    WallTime from{};        // what it said at first,
    WallTime since{};       // from when on without being wrong in between,
    WallTime to{};          // and last
    Millis by{};            // to be added
    bool unsure = false;    // it ended while nobody looked: it may have been right
  };
  void end(WallTime said, Millis by, WallTime now, bool unsure);

  void tidy();
  bool ends_gap(WallTime said, Millis by);

  std::vector<Stretch> stretches_;
  WallTime before_{}, began_{};  // of the start after which the clock was ahead of what it said before by the most
  WallTime from_{}, since_{}, seen_{};  // of the clock as it goes now, likewise
};

}  // namespace sampan::policy
