// SPDX-License-Identifier: Apache-2.0
// Rebuild: reads what the ledger does not know yet from the segments of earlier runs, a slice at a time, while intake works.
//
// Note segments come first, so that nothing is sent again that has its receipt.
// Threads: step() on the store thread; progress from any. Nothing in the segments is changed before it is done.
// Fails:   a segment that cannot be read is left for the next start, with a warning; damage is quarantined and counted.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "queue/ledger.h"
#include "queue/scan_ahead.h"
#include "queue/segment.h"

namespace sampan::queue {

// The segments that were there at start.
struct Backlog {
  std::vector<SegmentName> segments;  // notes first, then items, each in order
  std::uint64_t foreign = 0;          // files that are not ours, left untouched
};
Result<Backlog> find_backlog(SpoolFolder& folder);

struct RebuildProgress {
  std::atomic<bool> running{false};
  std::atomic<std::uint64_t> items{0}, torn_tails{0}, foreign{0}, denied{0};
  std::atomic<bool> notes_unread{false};  // a segment of notes was passed over
};

class Rebuild {
 public:
  using Route = std::function<std::vector<std::string>(const core::Item&)>;
  Rebuild(SpoolFolder& folder, const Keyring& keys, Route route, Backlog backlog);
  // From now on what is read next is verified on a thread of its own while step() indexes what was.
  void run_ahead() { runs_ = ScanAhead::Runs::ahead; }

  bool done() const { return settled_; }
  // Everything that is there was read. Once it is done.
  bool complete() const { return !missed_; }
  // It was not read from its checkpoint on: what it holds beyond that nobody knows, until a start reads it.
  bool passed_over(Stream stream, std::uint64_t segment) const { return passed_over_.contains({stream, segment}); }
  bool passed_over_notes() const { return progress_.notes_unread; }
  // One transaction's worth of records. False when the ledger did not take them: the same ones again, later.
  bool step(Ledger& ledger, std::int64_t run_ms);
  bool ledger_damaged() const { return ledger_damaged_; }
  const RebuildProgress& progress() const { return progress_; }
  // Those that were read, and their bytes.
  const std::map<std::uint64_t, std::uint64_t>& note_segments() const { return note_segments_; }

 private:
  bool open_next(Ledger& ledger);
  Status make_durable();
  void take(const Finding& found, Ledger& ledger, std::int64_t run_ms);
  void take_item(const Finding& found, Ledger& ledger);
  void take_notes(const Finding& found, Ledger& ledger, std::int64_t run_ms);
  void take_damage(const Finding& found, Ledger& ledger);
  std::optional<Ledger::Lost> damaged_item(const Finding& found, Ledger& ledger);
  void take_tail(const Finding& found, Ledger& ledger);
  void mark_end();
  void checkpoint(Ledger& ledger, std::uint64_t indexed);
  void close_segment(Ledger& ledger);
  void unlink_segment(Ledger& ledger);
  bool settle(Ledger& ledger);
  bool took(Ledger& ledger);  // the transaction

  SpoolFolder& folder_;
  const Keyring& keys_;
  const Route route_;
  const Backlog backlog_;
  RebuildProgress progress_;
  std::uint64_t newest_ = 0;  // stays in any case: the next number follows it
  std::size_t next_ = 0;
  std::atomic<bool> settled_{false};  // done() is asked by whoever waits
  bool missed_ = false;               // something is there that was not read
  std::set<std::pair<Stream, std::uint64_t>> passed_over_;
  std::map<std::uint64_t, std::uint64_t> note_segments_;
  std::unique_ptr<File> file_;
  ScanAhead::Runs runs_ = ScanAhead::Runs::as_asked;
  std::optional<ScanAhead> scan_;
  std::uint64_t size_ = 0;
  bool ledger_damaged_ = false;
  bool blind_ = false;  // some of the segment did not read
  std::optional<bool> from_nothing_;  // the ledger knew nothing of what was durable when the rebuild began
  // Of the segment.
  bool markable_ = false;
  std::uint64_t mark_ = 0, durable_ = 0;  // what its end mark says, and what it can say
  // Of the running step; counted once the ledger has it.
  struct News {
    std::uint64_t items = 0, torn_tails = 0, doubtful = 0;
    bool emptied = false;
  } news_;
};

}  // namespace sampan::queue
