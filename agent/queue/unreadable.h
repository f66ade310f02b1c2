// SPDX-License-Identifier: Apache-2.0
// Unreadable: what is stored here and did not read when it was to be sent; it is tried again, and may well read then.
//
// Threads: any.   Owns: nothing on the disk; it begins empty with each start.
// Fails:   never; beyond counted_max no more is counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>

#include "base/result.h"
#include "queue/record.h"

namespace sampan::queue {

class Unreadable {
 public:
  static constexpr std::size_t counted_max = 4096;
  struct Summary {
    std::uint64_t items = 0;
    std::string why;  // of the last: the call, the file and what the system said
  };
  void met(Sequence seq, const Error& error);
  void forget(Sequence seq);
  Summary summary() const;

 private:
  mutable std::mutex mutex_;
  std::set<Sequence> items_;
  std::string why_;
};

}  // namespace sampan::queue
