// SPDX-License-Identifier: Apache-2.0
// Compaction: what old note segments still say is written anew, and the segment goes (FORMAT.md, Compaction of notes).
//
// Threads: the store thread.   Owns: the note segments that are sealed.
// Fails:   a segment that does not read or holds damage stays as it is; a note or ledger that cannot be written ends the
//          turn, and the next one begins that segment again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "queue/ledger.h"
#include "queue/notes_kept.h"
#include "queue/scan.h"
#include "queue/segment.h"

namespace sampan::queue {

class Compaction {
 public:
  struct Needs {
    SpoolFolder& folder;
    const Keyring& keys;
    // Writes a record of notes; durable when it returns true.
    std::function<bool(Type, ByteView payload)> write;
    std::function<std::uint64_t()> open_number;  // of the note segment that is being filled
    std::function<bool()> some_unread;           // note segments are there of which nobody knows what they say
  };
  Compaction(Needs needs, std::uint64_t slack_bytes)
      : needs_(std::move(needs)), slack_bytes_(slack_bytes), kept_(needs_.folder) {}

  // A note segment that is durable, of an earlier run or of this one, and how far it goes.
  void saw(std::uint64_t segment, std::uint64_t bytes) { bytes_[segment] = bytes; }
  // Some records of the round that runs, or of a new one where there is reason for it. Everything known is in the ledger.
  void turn(Ledger& ledger);
  std::uint64_t total_bytes() const;

 private:
  bool begin_round(Ledger& ledger);
  bool open_next(Ledger& ledger);
  // Some records of the segment. False when the turn must end.
  bool step(Ledger& ledger);
  enum class Kept { good, damaged, failed };  // damaged: also where nobody can say what it is worth
  Kept keep(const Finding& found, Ledger& ledger);
  Kept keep_one(const Note& note, Ledger& ledger);
  bool write_kept();
  bool give_up();
  void skip(bool kept_for_good);
  void finish_segment(Ledger& ledger);

  const Needs needs_;
  const std::uint64_t slack_bytes_;
  std::map<std::uint64_t, std::uint64_t> bytes_;  // of every note segment, by number
  bool stuck_ = false;  // nobody knows what a power cut would bring back: no more of it in this run
  // Of the round.
  std::vector<std::uint64_t> round_;
  std::size_t next_ = 0;
  bool older_remain_ = false;  // a segment before the next one stays
  NotesKept kept_;
  // Of the segment.
  std::unique_ptr<File> file_;
  std::optional<SegmentScan> scan_;
  std::map<Type, Bytes> payloads_;  // to be written before the step ends
  std::size_t notes_read_ = 0;      // in this turn
};

}  // namespace sampan::queue
