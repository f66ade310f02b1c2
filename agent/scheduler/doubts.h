// SPDX-License-Identifier: Apache-2.0
// Doubts: how often a destination answered about an item in a way that nobody can read.
//
// Counted apart from the tries of the queue, which failed for other reasons as well: an image that could not be read, or that
// was called in under a title the destination did not know, for a day, is not refused with the first such answer.
// Threads: any. In memory: a restart begins anew, and what is rejected late is not rejected wrongly. Bounded: where too many
// are remembered, of another one all its tries count.
#pragma once

#include <cstddef>
#include <mutex>
#include <unordered_map>

#include "base/ids.h"

namespace sampan::scheduler {

class Doubts {
 public:
  static constexpr std::size_t items_max_of_one = 10'000;  // destination
  explicit Doubts(std::size_t items_max = items_max_of_one) : items_max_(items_max) {}

  // One more such answer. attempts: of the item before it, for whatever reason. How many there are.
  unsigned note(const Uuid& item, unsigned attempts) {
    const std::lock_guard lock(mutex_);
    const auto known = counts_.find(item);
    if (known != counts_.end()) return ++known->second;
    if (counts_.size() >= items_max_) return attempts + 1;
    return counts_[item] = 1;
  }
  // It left the queue.
  void forget(const Uuid& item) {
    const std::lock_guard lock(mutex_);
    counts_.erase(item);
  }

 private:
  const std::size_t items_max_;
  std::mutex mutex_;
  std::unordered_map<Uuid, unsigned, UuidHash> counts_;
};

}  // namespace sampan::scheduler
