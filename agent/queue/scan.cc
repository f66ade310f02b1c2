// SPDX-License-Identifier: Apache-2.0
#include "queue/scan.h"

#include <algorithm>

namespace sampan::queue {
namespace {

constexpr std::size_t window_bytes = 256 << 10;
constexpr std::uint64_t ahead_bytes = 4 << 20;

}  // namespace

// The whole of into, or nothing.
bool SegmentScan::read(std::uint64_t offset, ByteSpan into) {
  const auto got = file_.read_at(offset, into);
  if (!got) unreadable_ = true;
  return got && *got == into.size();
}

// Half of it is always on its way. The kernel does not see by itself where the reads go: a record's end is read before its body.
void SegmentScan::ask_for_what_follows(std::uint64_t offset) {
  while (ahead_ < size_ && ahead_ < offset + ahead_bytes / 2) {
    file_.will_need(ahead_, std::min(ahead_bytes / 2, size_ - ahead_));
    ahead_ += ahead_bytes / 2;
  }
}

bool SegmentScan::verifies(const Frame& frame, std::uint64_t offset) {
  std::uint64_t at = offset + header_bytes, left = frame.trailer.record_bytes - header_bytes - trailer_bytes;
  std::uint32_t crc = 0;
  window_.resize(window_bytes);
  while (left > 0) {
    const std::size_t n = std::min<std::uint64_t>(left, window_bytes);
    ask_for_what_follows(at);
    if (!read(at, ByteSpan(window_).first(n))) return false;
    crc = crc32c(ByteView(window_).first(n), crc);
    at += n, left -= n;
  }
  return crc == frame.trailer.body_crc;
}

std::optional<Frame> SegmentScan::record_at(std::uint64_t offset) {
  ask_for_what_follows(offset);
  const auto frame = read_frame(file_, number_, offset);
  if (!frame && frame.error().code != Errc::damaged) unreadable_ = true;
  return frame && verifies(*frame, offset) ? std::optional<Frame>(*frame) : std::nullopt;
}

bool SegmentScan::block_is_zero(std::uint64_t offset) {
  std::uint8_t block[block_bytes] = {};
  const std::size_t here = std::min<std::uint64_t>(block_bytes, size_ - offset);
  return read(offset, ByteSpan(block, here)) && std::all_of(block, block + here, [](std::uint8_t byte) { return byte == 0; });
}

std::optional<Header> SegmentScan::header_at(std::uint64_t offset) {
  std::uint8_t room[header_bytes];
  if (offset + header_bytes > size_ || !read(offset, room)) return {};
  auto header = decode_header(room);
  if (header && header->sequence != sequence_of(number_, offset)) header.reset();
  return header;
}

Finding SegmentScan::next() {
  unreadable_ = false;
  while (at_ < size_) {
    if (const auto frame = record_at(at_)) {
      Finding found{Finding::What::record, at_, frame->trailer.record_bytes, *frame, {}};
      at_ += found.bytes;
      return found;
    }
    if (unreadable_ || !block_is_zero(at_)) return past_damage();
    at_ += block_bytes;
  }
  return Finding{};
}

Finding SegmentScan::past_damage() {
  Finding found;
  found.offset = at_;
  found.what = Finding::What::torn;
  found.header = header_at(at_);
  for (at_ += block_bytes; at_ < size_; at_ += block_bytes) {
    if (!header_at(at_) || !record_at(at_)) continue;
    found.what = Finding::What::damaged;
    break;
  }
  at_ = std::min(at_, size_);
  found.bytes = at_ - found.offset;
  found.unreadable = unreadable_;
  return found;
}

bool is_sound(File& file, Sequence sequence) {
  const auto size = file.size();
  if (!size) return false;
  const auto found = SegmentScan(file, segment_of(sequence), offset_of(sequence), *size).next();
  return found.what == Finding::What::record && found.offset == offset_of(sequence);
}

}  // namespace sampan::queue
