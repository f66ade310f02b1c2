// SPDX-License-Identifier: Apache-2.0
// Leases: which deliveries are being attempted, in memory only, and the segment files open for reading them.
//
// Threads: any.
#pragma once

#include <list>
#include <map>
#include <mutex>
#include <unordered_set>

#include "queue/payload.h"
#include "queue/segment.h"

namespace sampan::queue {

struct Lease {
  Sequence seq = 0;
  unsigned attempts = 0;
};

class Leases {
 public:
  std::unordered_set<Sequence> taken(const std::string& destination) const;
  void add(const std::string& destination, const Uuid& item, Lease lease);
  // Nothing when it is not leased.
  std::optional<Lease> find(const std::string& destination, const Uuid& item) const;
  void release(const std::string& destination, const Uuid& item);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::map<Uuid, Lease>> held_;
};

// The last few segments read from, so that a batch does not open one file again and again.
class OpenSegments {
 public:
  explicit OpenSegments(SpoolFolder& folder) : folder_(folder) {}
  Result<std::shared_ptr<File>> get(std::uint64_t number);

 private:
  SpoolFolder& folder_;
  std::mutex mutex_;
  std::list<std::pair<std::uint64_t, std::shared_ptr<File>>> recent_;
};

}  // namespace sampan::queue
