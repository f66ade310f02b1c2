// SPDX-License-Identifier: Apache-2.0
#include "queue/segment_owner.h"

#include <algorithm>

#include "queue/scan.h"

namespace sampan::queue {

SegmentOwner owner_of(File& file, const SegmentName& name, const Uuid& node, std::uint64_t size) {
  Bytes block(block_bytes);
  const auto got = file.read_at(0, block);
  if (const auto header = got && *got == block_bytes ? decode_segment_header(block) : std::nullopt) {
    const bool ours = header->number == name.number && header->stream == name.stream && header->node == node;
    return ours ? SegmentOwner::us : SegmentOwner::another;
  }
  const auto first = SegmentScan(file, name.number, std::min(block_bytes, size), size).next();
  const bool records = first.what == Finding::What::record || first.record_follows;
  const bool zeros = got && std::ranges::all_of(block, [](std::uint8_t byte) { return byte == 0; });
  const bool begun = first.what == Finding::What::end || (first.what == Finding::What::torn && !first.unreadable);
  if (zeros && (records || begun)) return SegmentOwner::us_begun;
  return records ? SegmentOwner::us_by_records : SegmentOwner::unknown;
}

static std::string signature_path(const std::string& spool) { return spool.substr(0, spool.find_last_of('/')) + "/node"; }
static std::string signature_of(const Uuid& node) { return "sampan-node 1\nnode " + to_string(node) + "\n"; }

bool is_signed(FileSystem& files, const std::string& spool, const Uuid& node) {
  const std::string expected = signature_of(node);
  const auto found = read_whole(files, signature_path(spool), expected.size());
  return found && as_text(*found) == expected;
}

Status write_signature(FileSystem& files, const std::string& spool, const Uuid& node) {
  return write_durably(files, signature_path(spool), as_bytes(signature_of(node)));
}

}  // namespace sampan::queue
