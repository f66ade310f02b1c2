// SPDX-License-Identifier: Apache-2.0
#include "queue/record.h"

#include "core/limits.h"

namespace sampan::queue {
namespace {

constexpr char segment_magic[8] = {'S', 'A', 'M', 'P', 'S', 'E', 'G', '1'};
constexpr char header_magic[4] = {'S', 'R', 'E', 'C'};
constexpr char trailer_magic[4] = {'S', 'T', 'R', 'L'};
constexpr char end_magic[4] = {'S', 'E', 'N', 'D'};
constexpr std::uint8_t aes_256_gcm = 1;
constexpr std::size_t crc_at = 124;

void put_crc(std::uint8_t* at) { store_le<std::uint32_t>(at + crc_at, crc32c({at, crc_at})); }
bool crc_holds(const std::uint8_t* at) { return load_le<std::uint32_t>(at + crc_at) == crc32c({at, crc_at}); }

}  // namespace

Bytes encode(const SegmentHeader& header) {
  Bytes block(block_bytes);
  std::memcpy(block.data(), segment_magic, sizeof segment_magic);
  store_le<std::uint32_t>(&block[8], format_version);
  block[12] = static_cast<std::uint8_t>(header.stream);
  std::memcpy(&block[16], header.node.bytes.data(), 16);
  store_le(&block[32], header.number);
  store_le(&block[40], header.created_ms);
  put_crc(block.data());
  return block;
}

std::optional<SegmentHeader> decode_segment_header(ByteView block) {
  if (block.size() < block_bytes || std::memcmp(block.data(), segment_magic, sizeof segment_magic) != 0) return {};
  if (!crc_holds(block.data()) || load_le<std::uint32_t>(&block[8]) != format_version) return {};
  SegmentHeader header;
  header.stream = static_cast<Stream>(block[12]);
  if (header.stream != Stream::items && header.stream != Stream::notes) return {};
  std::memcpy(header.node.bytes.data(), &block[16], 16);
  header.number = load_le<std::uint64_t>(&block[32]);
  header.created_ms = load_le<std::int64_t>(&block[40]);
  return header;
}

Bytes encode_end_mark(std::uint64_t number, std::uint64_t durable_end) {
  Bytes sector(sector_bytes);
  std::memcpy(sector.data(), end_magic, sizeof end_magic);
  store_le(&sector[8], number);
  store_le(&sector[16], durable_end);
  put_crc(sector.data());
  return sector;
}

std::optional<std::uint64_t> decode_end_mark(std::uint64_t number, ByteView sector) {
  if (sector.size() < sector_bytes || std::memcmp(sector.data(), end_magic, sizeof end_magic) != 0 || !crc_holds(sector.data())) return {};
  if (load_le<std::uint64_t>(&sector[8]) != number) return {};
  return load_le<std::uint64_t>(&sector[16]);
}

void encode(const Header& header, std::uint8_t* at) {
  std::memset(at, 0, header_bytes);
  std::memcpy(at, header_magic, sizeof header_magic);
  at[4] = static_cast<std::uint8_t>(header.type);
  at[5] = header.streamed ? 1 : 0;
  at[6] = aes_256_gcm;
  store_le(at + 8, header.sequence);
  store_le(at + 16, header.record_bytes);
  store_le(at + 24, header.key_id);
  std::memcpy(at + 32, header.data_key.data(), header.data_key.size());
  std::memcpy(at + 72, header.item.bytes.data(), 16);
  store_le(at + 88, header.chunk_bytes);
  put_crc(at);
}

std::optional<Header> decode_header(ByteView bytes) {
  const std::uint8_t* at = bytes.data();
  if (bytes.size() < header_bytes || std::memcmp(at, header_magic, sizeof header_magic) != 0 || !crc_holds(at)) return {};
  if (at[4] < 1 || at[4] > static_cast<std::uint8_t>(Type::promises) || at[6] != aes_256_gcm) return {};
  Header header;
  header.type = static_cast<Type>(at[4]);
  header.streamed = (at[5] & 1) != 0;
  header.sequence = load_le<Sequence>(at + 8);
  header.record_bytes = load_le<std::uint64_t>(at + 16);
  header.key_id = load_le<std::uint64_t>(at + 24);
  std::memcpy(header.data_key.data(), at + 32, header.data_key.size());
  std::memcpy(header.item.bytes.data(), at + 72, 16);
  header.chunk_bytes = load_le<std::uint32_t>(at + 88);
  const bool length_good = header.streamed ? header.record_bytes == 0
                                           : header.record_bytes >= block_bytes && header.record_bytes % block_bytes == 0 &&
                                                 header.record_bytes <= core::limits::segment_bytes_max;
  if (!length_good || header.chunk_bytes < 1024 || header.chunk_bytes > (1u << 24)) return {};
  return header;
}

void encode(const Trailer& trailer, std::uint8_t* at) {
  std::memset(at, 0, trailer_bytes);
  std::memcpy(at, trailer_magic, sizeof trailer_magic);
  store_le(at + 4, trailer.facts_bytes);
  store_le(at + 8, trailer.sequence);
  store_le(at + 16, trailer.payload_bytes);
  store_le(at + 24, trailer.record_bytes);
  std::memcpy(at + 32, trailer.summary.data(), trailer.summary.size());
  store_le(at + 80, trailer.body_crc);
  put_crc(at);
}

std::optional<Trailer> decode_trailer(ByteView bytes) {
  const std::uint8_t* at = bytes.data();
  if (bytes.size() < trailer_bytes || std::memcmp(at, trailer_magic, sizeof trailer_magic) != 0 || !crc_holds(at)) return {};
  Trailer trailer;
  trailer.facts_bytes = load_le<std::uint32_t>(at + 4);
  trailer.sequence = load_le<Sequence>(at + 8);
  trailer.payload_bytes = load_le<std::uint64_t>(at + 16);
  trailer.record_bytes = load_le<std::uint64_t>(at + 24);
  std::memcpy(trailer.summary.data(), at + 32, trailer.summary.size());
  trailer.body_crc = load_le<std::uint32_t>(at + 80);
  return trailer;
}

bool was_trailer(ByteView bytes, Sequence sequence) {
  if (bytes.size() < trailer_bytes) return false;
  return std::memcmp(bytes.data(), trailer_magic, sizeof trailer_magic) == 0 || load_le<Sequence>(bytes.data() + 8) == sequence;
}

bool lengths_agree(const Header& header, const Trailer& trailer) {
  if (trailer.sequence != header.sequence || trailer.payload_bytes > core::limits::item_bytes_max) return false;
  if (trailer.facts_bytes < tag_bytes || trailer.facts_bytes > core::limits::facts_bytes_max + tag_bytes) return false;
  if (!header.streamed && trailer.record_bytes != header.record_bytes) return false;
  const auto used = facts_offset(trailer.payload_bytes, header.chunk_bytes) + trailer.facts_bytes + trailer_bytes;
  return round_to_block(used) == trailer.record_bytes;
}

}  // namespace sampan::queue
