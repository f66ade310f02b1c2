// SPDX-License-Identifier: Apache-2.0
// Scan ahead: the findings of a segment, read and verified on a thread of its own while those before them are indexed.
//
// No further than so many records, and not past damage before the next finding is asked for: where the reading goes on behind
// it is for whoever got it to say. What is scanned is changed by nobody meanwhile.
// Threads: next() and cut() from one.
// Fails:   never, as the scan; where the system gives no thread each is read as it is asked for.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "queue/scan.h"

namespace sampan::queue {

class ScanAhead {
 public:
  enum class Runs { as_asked, ahead };
  ScanAhead(SegmentScan scan, Runs runs);
  ~ScanAhead();  // waits for the record that is being read
  ScanAhead(const ScanAhead&) = delete;

  // As SegmentScan::next().
  Finding next();
  // Of the damage that next() gave last, as SegmentScan::cut().
  void cut(std::uint64_t end) { scan_.cut(end); }

 private:
  void run();

  SegmentScan scan_;  // the thread's, except while damage is held
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Finding> found_;
  bool held_ = false;  // the last that was found is no record, and what comes behind it was not asked for
  bool ending_ = false;
  std::thread thread_;  // last: everything above exists before it runs
};

}  // namespace sampan::queue
