// SPDX-License-Identifier: Apache-2.0
// RecordWriter: turns a stream of plain bytes into one sealed record, in a bounded buffer.
//
// A payload that fits the gather buffer becomes one write into the append segment, sharing its sync with every other
// writer; a larger one, or one begun while the pool was empty, streams into a segment of its own: where a second buffer can be
// spared, one is sealed and written while the other fills and is hashed. It is written in whole blocks, past the page cache: what fills
// no block goes to the beginning of the next buffer.
// Threads: one at a time.
// Fails:   full, io as the disk says. Without finish() nothing stays: a segment of its own is unlinked.
#pragma once

#include <memory>

#include "queue/gather.h"
#include "queue/keyring.h"
#include "queue/record.h"
#include "queue/seal.h"
#include "queue/segment.h"
#include "queue/write_behind.h"

namespace sampan::queue {

class RecordWriter {
 public:
  // one_thread: nothing is written behind, so that the order of things is always the same.
  RecordWriter(SpoolFolder& folder, const Keyring& keys, GatherPool& pool, Type type, const Uuid& item, bool one_thread = false);
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;

  Status append(ByteView plain);

  struct Summary {
    std::uint64_t payload_bytes = 0;
    Digest sha256{};
  };
  // Closes the payload. Then the caller may still decide not to store it.
  Summary close();
  // Writes the record and waits until it is durable. written runs once the place is known, in the order of the stream.
  Result<Place> store(Appender& appender, ByteView facts, const Appender::AtPlace& written);

 private:
  ByteSpan buffer() const;
  std::size_t body_room() const;
  void end_chunk();
  void seal_chunk(std::uint64_t index, ByteSpan plain);
  // So many whole ones from first on, before the chunk of this index.
  void seal_chunks(std::uint8_t* first, std::size_t count, std::uint64_t before);
  Status make_room();
  Status begin_own_segment();
  Status flush();
  Status write_blocks(ByteView held, std::uint8_t* next);
  void catch_up();
  void lay_end(std::uint64_t facts_bytes_plain, ByteView facts);
  Result<Place> store_streamed(ByteView facts, const Appender::AtPlace& written);

  SpoolFolder& folder_;
  GatherPool& pool_;
  const bool one_thread_;
  std::unique_ptr<GatherPool::Buffer> pooled_;
  Bytes small_;  // one chunk and an end, when the pool was empty
  Header header_;
  Trailer trailer_;
  Seal seal_;
  Sha256 hash_;
  Digest sha256_{};
  std::uint64_t payload_bytes_ = 0, chunk_index_ = 0;
  std::size_t chunk_at_ = header_bytes;  // where the open chunk begins in the buffer
  std::size_t chunk_fill_ = 0;
  std::shared_ptr<Segment> own_;  // once streaming
  std::uint64_t flushed_bytes_ = 0, written_back_ = 0;
  std::uint32_t crc_ = 0;  // of the sealed chunks
  bool stored_ = false;
  std::size_t lead_ = 0;      // bytes at the beginning of the buffer that filled no block of the one before
  std::size_t unsealed_ = 0;  // whole chunks behind them
  std::unique_ptr<GatherPool::Buffer> spare_;
  std::unique_ptr<WriteBehind> behind_;  // last: what it works on outlives it
};

}  // namespace sampan::queue
