// SPDX-License-Identifier: Apache-2.0
// End mark: what a segment that gets no more says of itself: how far it was durable (FORMAT.md, Segment). By it damage at the
// end of a segment is told from a write that the power cut short, also without the ledger.
//
// Threads: one at a time.   Owns: nothing; holds segments that still are filled.
// Fails:   never: a mark that is not written leaves the segment without one.
#pragma once

#include <functional>
#include <map>

#include "queue/segment.h"

namespace sampan::queue {

// 0: it has none.
std::uint64_t end_mark_of(File& file, std::uint64_t number);
Status write_end_mark(File& file, std::uint64_t number, std::uint64_t durable_end);

class EndMarks {
 public:
  // What is there stands in the ledger.
  void saw(const Place& place);
  // Marks those that get no more.
  void settle(const std::function<bool(std::uint64_t number)>& gets_more);
  // An orderly stop: as settle, and waits until the disk has them.
  void end(const std::function<bool(std::uint64_t number)>& gets_more);

 private:
  std::map<std::uint64_t, Place> last_;  // by segment: of those without a mark
};

}  // namespace sampan::queue
