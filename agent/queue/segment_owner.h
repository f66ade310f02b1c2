// SPDX-License-Identifier: Apache-2.0
// Segment owner: whose a file of the spool is. Its header says it; where that does not verify, its records do, because
// each of them knows its place (FORMAT.md, Segment).
//
// Threads: none of its own.
// Fails:   never: what does not read is unknown.
#pragma once

#include "queue/segment.h"

namespace sampan::queue {

enum class SegmentOwner {
  us,
  us_by_records,  // only the header block is damaged
  us_begun,       // the header block is zeros, and no more than the beginning of a record follows: begun when the power went
  another,        // another node, or ours in another place
  unknown         // neither a header nor a record
};
constexpr bool is_ours(SegmentOwner owner) { return owner <= SegmentOwner::us_begun; }

SegmentOwner owner_of(File& file, const SegmentName& name, const Uuid& node, std::uint64_t size);

// <state>/node, beside the spool: which node stored here, also when none of its segments is left.
bool is_signed(FileSystem& files, const std::string& spool, const Uuid& node);
Status write_signature(FileSystem& files, const std::string& spool, const Uuid& node);

}  // namespace sampan::queue
