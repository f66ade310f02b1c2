// SPDX-License-Identifier: Apache-2.0
// Blocked classes: SOP class and transfer syntax pairs that one destination does not take.
//
// A blocked class is passed over by leases and probed with one item by back-off; it flows again by itself.
// Threads: one. Bounded: beyond the limit a class is not blocked, and its items back off one by one.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/clock.h"
#include "policy/back_off.h"
#include "scheduler/duties.h"

namespace sampan::scheduler {

struct BlockedClass {
  std::string reason;
  WallTime since{};
  MonoTime probe_at{};
  unsigned refusals = 0;
  bool probing = false;  // one item of it is on its way
  bool empty = false;    // the last probe found no item of it waiting
  std::set<Uuid> tried;  // probed with in vain; passed over while there are others
};

class BlockedClasses {
 public:
  BlockedClasses(std::size_t classes_max, std::size_t tried_max) : classes_max_(classes_max), tried_max_(tried_max) {}

  // true: this class was not blocked before, and is now.
  bool refuse(const ClassKey& key, std::string reason, WallTime since, MonoTime probe_at);
  // true: it was blocked.
  bool pass(const ClassKey& key) { return classes_.erase(key) > 0; }

  // A class whose probe is due, and its time; none while it is being probed.
  std::optional<ClassKey> due(MonoTime now) const;
  MonoTime next_probe_at() const;
  void probe_begins(const ClassKey& key, const Uuid& item);
  void probe_ends(const ClassKey& key);
  // Nothing of it is waiting before then; never: until something new is committed.
  void probe_found_nothing(const ClassKey& key, MonoTime due_at);
  void something_new(MonoTime now);

  unsigned refusals(const ClassKey& key) const;
  // Probed with in vain, at most tried_max; asking for a new round forgets them.
  std::set<Uuid> tried(const ClassKey& key) const;
  void new_round(const ClassKey& key);
  std::set<ClassKey> keys() const;
  const std::map<ClassKey, BlockedClass>& all() const { return classes_; }

 private:
  BlockedClass* find(const ClassKey& key);

  std::size_t classes_max_;
  std::size_t tried_max_;
  std::map<ClassKey, BlockedClass> classes_;
};

}  // namespace sampan::scheduler
