// SPDX-License-Identifier: Apache-2.0
// Scan: reads one segment from a checkpoint, verifying every record, and finds its way again behind damage.
//
// Threads: one at a time.
// Fails:   never: damage is a finding, and so is what the disk does not read.
#pragma once

#include <optional>

#include "base/file.h"
#include "queue/payload.h"

namespace sampan::queue {

struct Finding {
  enum class What {
    record,   // frame holds it, checksums verified
    damaged,  // bytes that are no record, and were durable once; also those that a file lacks before its end mark
    torn,     // bytes that are no record, up to the end, as a write leaves them that the power cut short
    end
  };
  What what = What::end;
  std::uint64_t offset = 0, bytes = 0;
  Frame frame;                  // of a record
  std::optional<Header> header; // of a damaged range or torn tail that begins with a header that verifies
  bool record_follows = false;  // behind damage
  bool unreadable = false;      // some of these bytes the disk did not read: they may be sound
  // Where the record that begins the range ends, as its header says; the end of the range where that says nothing.
  std::uint64_t record_end() const {
    const std::uint64_t length = header && !header->streamed ? header->record_bytes : 0;
    return offset + (length > 0 && length < bytes && length % block_bytes == 0 ? length : bytes);
  }
};

class SegmentScan {
 public:
  SegmentScan(File& file, std::uint64_t number, std::uint64_t from, std::uint64_t size)
      : file_(file), number_(number), at_(from), size_(size) {}
  // The segment will be read to its end: the disk is kept busy while records are verified.
  void read_ahead() { ahead_ = at_; }
  // What its end mark says.
  void durable_to(std::uint64_t end) { durable_ = end; }
  // Stretches of zeros (punched records, blocks never written) are passed over in silence.
  Finding next();
  // Of the damage that next() gave last only what ends here is spoken of; what is behind it is a finding of its own.
  void cut(std::uint64_t end);

 private:
  bool read(std::uint64_t offset, ByteSpan into);
  void ask_for_what_follows(std::uint64_t offset);
  bool verifies(const Frame& frame, std::uint64_t offset);
  std::optional<Frame> record_at(std::uint64_t offset);
  bool block_is_zero(std::uint64_t offset);
  std::optional<Header> header_at(std::uint64_t offset);
  bool is_zero(std::uint64_t offset, std::uint64_t bytes);
  bool has_zero_sector(std::uint64_t from, std::uint64_t to);
  bool was_whole(const Finding& found);
  void search_record();
  Finding past_damage();
  Finding missing();

  File& file_;
  const std::uint64_t number_;
  std::uint64_t at_;
  const std::uint64_t size_;
  std::uint64_t durable_ = 0, boundary_ = at_;  // the latter: a record ended there, or the reading began
  std::uint64_t ahead_ = ~0ull;  // asked for up to here
  Bytes window_;
  bool unreadable_ = false;  // a read failed since the last finding
  // Up to where no record begins, as was found behind damage.
  struct Searched {
    std::uint64_t to = 0;
    bool record_follows = false, unreadable = false;
  } searched_;
};

// The record of this sequence is there and verifies. Errc::damaged: it is not, or does not; Errc::io: the disk does not say.
Status verify(File& file, Sequence sequence);

}  // namespace sampan::queue
