// SPDX-License-Identifier: Apache-2.0
#include "queue/scan.h"

#include <algorithm>

namespace sampan::queue {
namespace {

constexpr std::size_t window_bytes = 256 << 10;

}  // namespace

Result<bool> SegmentScan::verifies(const Frame& frame, std::uint64_t offset) {
  std::uint64_t at = offset + header_bytes, left = frame.trailer.record_bytes - header_bytes - trailer_bytes;
  std::uint32_t crc = 0;
  window_.resize(window_bytes);
  while (left > 0) {
    const std::size_t n = std::min<std::uint64_t>(left, window_bytes);
    auto got = file_.read_at(at, ByteSpan(window_).first(n));
    if (!got) return got.error();
    if (*got != n) return false;
    crc = crc32c(ByteView(window_).first(n), crc);
    at += n, left -= n;
  }
  return crc == frame.trailer.body_crc;
}

Result<std::optional<Frame>> SegmentScan::record_at(std::uint64_t offset) {
  auto frame = read_frame(file_, number_, offset);
  if (!frame) {
    if (frame.error().code == Errc::damaged) return std::optional<Frame>{};
    return frame.error();
  }
  auto good = verifies(*frame, offset);
  if (!good) return good.error();
  return *good ? std::optional<Frame>(*frame) : std::optional<Frame>{};
}

Result<bool> SegmentScan::block_is_zero(std::uint64_t offset) {
  std::uint8_t block[block_bytes];
  auto got = file_.read_at(offset, block);
  if (!got) return got.error();
  return std::all_of(block, block + *got, [](std::uint8_t byte) { return byte == 0; });
}

Result<std::optional<Header>> SegmentScan::header_at(std::uint64_t offset) {
  std::uint8_t room[header_bytes];
  auto got = file_.read_at(offset, room);
  if (!got) return got.error();
  if (*got < header_bytes) return std::optional<Header>{};
  auto header = decode_header(room);
  if (header && header->sequence != sequence_of(number_, offset)) header.reset();
  return header;
}

Result<Finding> SegmentScan::next() {
  while (at_ < size_) {
    auto frame = record_at(at_);
    if (!frame) return frame.error();
    if (*frame) {
      Finding found{Finding::What::record, at_, (*frame)->trailer.record_bytes, **frame, {}};
      at_ += found.bytes;
      return found;
    }
    auto zero = block_is_zero(at_);
    if (!zero) return zero.error();
    if (!*zero) return past_damage();
    at_ += block_bytes;
  }
  return Finding{};
}

Result<Finding> SegmentScan::past_damage() {
  Finding found;
  found.offset = at_;
  found.what = Finding::What::torn;
  auto header = header_at(at_);
  if (!header) return header.error();
  found.header = *header;
  for (at_ += block_bytes; at_ < size_; at_ += block_bytes) {
    auto candidate = header_at(at_);
    if (!candidate) return candidate.error();
    if (!*candidate) continue;
    auto frame = record_at(at_);
    if (!frame) return frame.error();
    if (!*frame) continue;
    found.what = Finding::What::damaged;
    break;
  }
  at_ = std::min(at_, size_);
  found.bytes = at_ - found.offset;
  return found;
}

}  // namespace sampan::queue
