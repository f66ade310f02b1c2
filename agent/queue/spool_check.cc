// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "queue/key_doors.h"
#include "queue/keyring.h"
#include "queue/segment_owner.h"

namespace sampan::queue {
namespace {

constexpr std::size_t segments_looked_at = 8;  // the newest: a keyring that was put back is too old for these

struct Seen {
  std::size_t ours = 0, foreign = 0;
  bool unknown_key = false;
};

// Damage says nothing here: that is for those who read the segment.
void look_at(File& file, const SegmentName& name, const Keyring& keys, Seen& seen) {
  Bytes blocks(2 * block_bytes);
  const auto got = file.read_at(0, blocks);
  if (!got || *got < block_bytes) return;
  const auto header = decode_segment_header(ByteView(blocks).first(block_bytes));
  if (!header || header->number != name.number || header->stream != name.stream) return;
  if (header->node != keys.node()) {
    ++seen.foreign;
    return;
  }
  ++seen.ours;
  const auto record = *got >= block_bytes + header_bytes ? decode_header(ByteView(blocks).subspan(block_bytes)) : std::nullopt;
  if (record && record->sequence == sequence_of(name.number, block_bytes) && !keys.knows(record->key_id)) seen.unknown_key = true;
}

}  // namespace

Status check_spool(FileSystem& files, const std::string& spool, const Keyring& keys) {
  auto names = files.list(spool);
  if (!names) return names.error().code == Errc::not_found ? Status() : Status(names.error());
  std::vector<SegmentName> segments;
  for (const auto& name : *names)
    if (const auto parsed = parse_segment_name(name)) segments.push_back(*parsed);
  std::sort(segments.begin(), segments.end(), [](const SegmentName& a, const SegmentName& b) { return a.number > b.number; });
  Seen seen;
  // What others left here does not hide what is ours behind it.
  for (std::size_t i = 0; i < segments.size() && (i < segments_looked_at || seen.ours == 0); ++i)
    if (const SegmentName& segment = segments[i]; auto file = files.open(spool + "/" + segment_name(segment.stream, segment.number), FileSystem::Mode::read))
      look_at(**file, segment, keys, seen);
  // With none of ours, another node's may have come into a directory of ours, or these keys into the directory of another.
  if (!seen.unknown_key && (seen.ours > 0 || seen.foreign == 0 || is_signed(files, spool, keys.node()))) return {};
  return refused("Wrong key: " + spool + " holds images under a key that this keyring does not have. Nothing was touched, and they are safe. Put the "
                     "folder keys that belongs to them back; to begin anew without these images, move the state directory aside.",
                 "密钥不符：" + spool + " 中图像所用的密钥不在此密钥环中。未改动任何文件，图像仍然完好。请放回对应的 keys 目录；如要放弃这些图像重新开始，请先移走状态目录。");
}

}  // namespace sampan::queue
