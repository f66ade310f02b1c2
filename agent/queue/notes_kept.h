// SPDX-License-Identifier: Apache-2.0
// Notes kept: what of a note a rebuild would still need, asked of the ledger as it stands now.
//
// One per round of compaction: where several notes count together, all that stands is given once.
// Threads: the store thread.
// Fails:   a question that the ledger does not answer leaves an error in Ledger::status(): the answer is then not to be used.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "queue/ledger.h"
#include "queue/segment.h"

namespace sampan::queue {

class NotesKept {
 public:
  explicit NotesKept(SpoolFolder& folder) : folder_(folder) {}

  void forget();  // a new round
  // What is to be written in the place of the note, in one record; nothing: its segment must stay, because it speaks of an
  // item nobody has read yet. older_remain: notes before it may stay, which it may take back.
  std::optional<std::vector<Note>> of(const Note& note, Ledger& ledger, bool older_remain);
  // The record of an item is still on the disk, or nobody can say.
  bool record_is_there(Sequence seq);

 private:
  bool still_says(const ReceiptNote& note, Ledger& ledger);
  bool still_says(const TombstoneNote& note, Ledger& ledger);
  bool still_says(const VerdictNote& note, Ledger& ledger, bool older_remain);
  bool still_says(DutyNote& note, Ledger& ledger);
  bool still_says(ReleaseNote& note, Ledger& ledger);
  bool still_says(const SeenNote& note, Ledger& ledger, bool older_remain);
  bool still_says(const PromiseNote& note, Ledger& ledger, bool older_remain);
  std::vector<Note> with_what_it_keeps(Note note, Ledger& ledger);
  SpoolFolder& folder_;
  std::set<std::string> exams_done_;
  std::unique_ptr<File> file_;          // of the segment asked about last
  std::uint64_t file_number_ = 0;
};

}  // namespace sampan::queue
