// SPDX-License-Identifier: Apache-2.0
// Suspects: items that were the first to fail when a whole attempt broke.
//
// A peer that falls over one image says the same as a peer that is down. So that one image never blocks the others,
// probes pass over suspects while there is anything else to try, and an item that breaks a healthy destination again
// and again waits longer each time.
// Threads: one. Bounded: the oldest suspect is forgotten first; forgetting costs an extra try, never an item.
#pragma once

#include <cstddef>
#include <deque>
#include <set>

#include "base/ids.h"

namespace sampan::scheduler {

class Suspects {
 public:
  explicit Suspects(std::size_t items_max) : items_max_(items_max) {}

  // A probe with it failed; this alone proves nothing.
  void note(const Uuid& item) { entry(item).tried = true; }
  // It failed where others got through.
  void strike(const Uuid& item);
  unsigned strikes(const Uuid& item) const;
  // It left the queue.
  void forget(const Uuid& item);

  // Tried since the round began.
  std::set<Uuid> tried() const;
  void new_round();

 private:
  struct Entry {
    Uuid item;
    unsigned strikes = 0;
    bool tried = false;
  };
  Entry& entry(const Uuid& item);

  std::size_t items_max_;
  std::deque<Entry> entries_;
};

}  // namespace sampan::scheduler
