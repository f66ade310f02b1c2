// SPDX-License-Identifier: Apache-2.0
// Record: the byte layout of segments, records and notes (FORMAT.md), and nothing else. No I/O.
//
// Fails:  a block that does not verify -> nullopt; the caller decides what that means.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/aead.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/ids.h"

namespace sampan::queue {

inline constexpr std::uint64_t block_bytes = 4096;
inline constexpr std::size_t header_bytes = 128;
inline constexpr std::size_t trailer_bytes = 128;
inline constexpr std::uint32_t format_version = 1;

constexpr std::uint64_t round_to_block(std::uint64_t bytes) { return (bytes + block_bytes - 1) / block_bytes * block_bytes; }

enum class Stream : char { items = 'i', notes = 'n' };

struct SegmentHeader {
  Stream stream = Stream::items;
  Uuid node;
  std::uint64_t number = 0;
  std::int64_t created_ms = 0;
};
Bytes encode(const SegmentHeader& header);  // one block
std::optional<SegmentHeader> decode_segment_header(ByteView block);

// What the header block says once the segment gets no more: all before the end was durable. A sector of its own.
inline constexpr std::uint64_t end_mark_at = 512;
inline constexpr std::size_t sector_bytes = 512;
Bytes encode_end_mark(std::uint64_t number, std::uint64_t durable_end);
std::optional<std::uint64_t> decode_end_mark(std::uint64_t number, ByteView sector);

// Where a record stands is its order: unique, and wrong anywhere else.
using Sequence = std::int64_t;
constexpr Sequence sequence_of(std::uint64_t segment, std::uint64_t offset) {
  return static_cast<Sequence>((segment << 20) + offset / block_bytes);
}
constexpr std::uint64_t segment_of(Sequence sequence) { return static_cast<std::uint64_t>(sequence) >> 20; }
constexpr std::uint64_t offset_of(Sequence sequence) {
  return (static_cast<std::uint64_t>(sequence) & 0xfffff) * block_bytes;
}

enum class Type : std::uint8_t { item = 1, receipts = 2, tombstones = 3, partial = 4, verdicts = 5, orders = 6, promises = 7 };

struct Header {
  Type type = Type::item;
  bool streamed = false;
  Sequence sequence = 0;
  std::uint64_t record_bytes = 0;  // 0 when streamed
  std::uint64_t key_id = 0;
  WrappedKey data_key{};
  Uuid item;
  std::uint32_t chunk_bytes = 0;
};
void encode(const Header& header, std::uint8_t* at);
std::optional<Header> decode_header(ByteView bytes);

inline constexpr std::size_t summary_bytes = sizeof(Digest) + tag_bytes;
struct Trailer {
  std::uint32_t facts_bytes = 0;
  Sequence sequence = 0;
  std::uint64_t payload_bytes = 0;
  std::uint64_t record_bytes = 0;
  std::array<std::uint8_t, summary_bytes> summary{};
  std::uint32_t body_crc = 0;
};
void encode(const Trailer& trailer, std::uint8_t* at);
std::optional<Trailer> decode_trailer(ByteView bytes);
// It does not verify, and a trailer of this sequence it was.
bool was_trailer(ByteView bytes, Sequence sequence);

// Plain offset -> offset of its chunk from the start of the record.
constexpr std::uint64_t chunk_offset(std::uint64_t index, std::uint64_t chunk_bytes) {
  return header_bytes + index * (chunk_bytes + tag_bytes);
}
constexpr std::uint64_t chunk_count(std::uint64_t payload_bytes, std::uint64_t chunk_bytes) {
  return (payload_bytes + chunk_bytes - 1) / chunk_bytes;
}
// Offset of the sealed facts from the start of the record.
constexpr std::uint64_t facts_offset(std::uint64_t payload_bytes, std::uint64_t chunk_bytes) {
  return header_bytes + payload_bytes + chunk_count(payload_bytes, chunk_bytes) * tag_bytes;
}
// A trailer is believed only when its lengths agree with each other and with the header.
bool lengths_agree(const Header& header, const Trailer& trailer);

}  // namespace sampan::queue
