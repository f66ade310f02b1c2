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
      boundary_ = at_ += found.bytes;
      return found;
    }
    if (unreadable_ || !block_is_zero(at_)) return past_damage();
    at_ += block_bytes;
  }
  return at_ < durable_ ? missing() : Finding{};
}

Finding SegmentScan::missing() {
  Finding found{Finding::What::damaged, at_, durable_ - at_, {}, {}};
  at_ = durable_;
  return found;
}

bool SegmentScan::is_zero(std::uint64_t offset, std::uint64_t bytes) {
  std::uint8_t room[sector_bytes];
  return read(offset, ByteSpan(room, bytes)) && std::all_of(room, room + bytes, [](std::uint8_t byte) { return byte == 0; });
}

bool SegmentScan::has_zero_sector(std::uint64_t from, std::uint64_t to) {
  static constexpr std::uint8_t zeros[sector_bytes] = {};
  window_.resize(window_bytes);
  for (; from + sector_bytes <= to; from += window_bytes) {
    const std::size_t n = std::min<std::uint64_t>(to - from, window_bytes) / sector_bytes * sector_bytes;
    if (!read(from, ByteSpan(window_).first(n))) return true;
    for (std::size_t at = 0; at < n; at += sector_bytes)
      if (std::memcmp(&window_[at], zeros, sector_bytes) == 0) return true;
  }
  return false;
}

// A write that the power cut short lacks sectors, which are zeros then, or the end of the file. Where neither is so, all of it was
// written once. Behind zeros nobody knows where a record began.
bool SegmentScan::was_whole(const Finding& found) {
  if (found.offset != boundary_ || found.offset + block_bytes > size_) return false;
  if (!found.header) return !is_zero(found.offset, sector_bytes);
  const Header& header = *found.header;
  const std::uint64_t length = header.streamed ? size_ - found.offset : header.record_bytes;
  if (length > size_ - found.offset) return false;
  std::uint8_t room[trailer_bytes];
  if (!read(found.offset + length - trailer_bytes, room)) return false;
  const auto trailer = decode_trailer(room);
  if (!trailer) return header.streamed ? was_trailer(room, header.sequence) : !is_zero(found.offset + length - sector_bytes, sector_bytes);
  if (!lengths_agree(header, *trailer) || trailer->record_bytes > length) return true;
  return !has_zero_sector(found.offset, found.offset + facts_offset(trailer->payload_bytes, header.chunk_bytes) + trailer->facts_bytes);
}

// Once for damage that is told in parts.
void SegmentScan::search_record() {
  if (at_ < searched_.to) return;
  std::uint64_t next = at_ + block_bytes;
  while (next < size_ && (!header_at(next) || !record_at(next))) next += block_bytes;
  searched_ = {std::min(next, size_), next < size_, unreadable_};
}

Finding SegmentScan::past_damage() {
  Finding found;
  found.offset = at_;
  found.header = header_at(at_);
  search_record();
  at_ = searched_.to;
  found.record_follows = searched_.record_follows;
  found.what = found.record_follows ? Finding::What::damaged : Finding::What::torn;
  unreadable_ = unreadable_ || searched_.unreadable;
  found.unreadable = unreadable_;
  if (!found.record_follows && found.offset < durable_) {
    found.what = Finding::What::damaged;
    at_ = std::max(at_, durable_);
  }
  if (found.what == Finding::What::torn && !unreadable_ && was_whole(found)) found.what = Finding::What::damaged;
  found.bytes = at_ - found.offset;
  boundary_ = at_;
  return found;
}

void SegmentScan::cut(std::uint64_t end) {
  if (end < at_) boundary_ = at_ = end;
}

Status verify(File& file, Sequence sequence) {
  const auto size = file.size();
  if (!size) return size.error();
  const auto found = SegmentScan(file, segment_of(sequence), offset_of(sequence), *size).next();
  if (found.what == Finding::What::record && found.offset == offset_of(sequence)) return {};
  return found.unreadable ? fail(Errc::io, "the record does not read") : fail(Errc::damaged, "the record does not verify");
}

}  // namespace sampan::queue
