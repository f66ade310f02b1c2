// SPDX-License-Identifier: Apache-2.0
// Suspects: items that were the first to fail when a whole attempt broke.
//
// A peer that falls over one image says the same as a peer that is down. So that one image never stands in the way of
// the others, a suspect travels alone, in turn with batches of the others, and waits longer each time it fails; probes
// pass over suspects while there is anything else to try.
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

  // A probe with it failed.
  void note(const Uuid& item) { entry(item).tried = true; }
  // An attempt broke with it while the destination was believed to be well.
  void strike(const Uuid& item);
  unsigned strikes(const Uuid& item) const;
  // It left the queue.
  void forget(const Uuid& item);

  bool contains(const Uuid& item) const;
  std::set<Uuid> all() const;
  // Those that failed since the round began.
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
