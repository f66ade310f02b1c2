// SPDX-License-Identifier: Apache-2.0
// Changes: what a change of a data set is asked for with, and the edits that come back, as bytes. All numbers little-endian.
//
//   order   time of reception, ms (8), then each with its length (2): transfer syntax, issuer, prefix, institution, character set,
//           system, source
//   edits   each: at (8) removed (8) length (4) inserted
//
// Threads: any.
// Fails:   bytes that are none, or not to their end, or too many edits -> nothing. Whether edits fit what they are for is for dicom::splice() to see.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "core/limits.h"
#include "dicom/transform.h"

namespace sampan::worker {

struct ChangeOrder {
  std::string transfer_syntax_uid;
  dicom::Transform wanted;
  dicom::ChangeNote note;
};
Bytes encode(const ChangeOrder& order);
std::optional<ChangeOrder> decode_order(ByteView bytes);

// What all edits of a data set may take, in memory too: what the transformer may spend on them, and the few elements of our own.
inline constexpr std::size_t edits_bytes_max = core::limits::transform_bytes_max + (32u << 10);
Bytes encode(const std::vector<dicom::Edit>& edits);
std::optional<std::vector<dicom::Edit>> decode_edits(ByteView bytes);

}  // namespace sampan::worker
