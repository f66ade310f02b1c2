// SPDX-License-Identifier: Apache-2.0
// Payload: the plain bytes of one stored item, opened chunk by chunk, and the rest of what its record says.
//
// Threads: one at a time per StoredPayload; any number of them on one segment.
// Fails:   Errc::damaged when a chunk does not verify: on_damage hears of it once; Errc::io as the disk says.
#pragma once

#include <functional>
#include <memory>

#include "base/file.h"
#include "core/courier.h"
#include "queue/keyring.h"
#include "queue/notes.h"
#include "queue/record.h"
#include "queue/seal.h"

namespace sampan::queue {

// Record at offset of file: its header and trailer where both verify and agree, with nothing of the body checked.
struct Frame {
  Header header;
  Trailer trailer;
};
Result<Frame> read_frame(File& file, std::uint64_t segment, std::uint64_t offset);

// Fills item.id, size, sha256 and what the facts say; owed, where it is wanted: the destinations that stand in it.
// Errc::damaged when nothing opens it.
Status read_item(File& file, std::uint64_t offset, const Frame& frame, const Keyring& keys, core::Item& item,
                 Owed* owed = nullptr);

// on_failure: told once, of the first read that fails.
class StoredPayload final : public core::Payload {
 public:
  StoredPayload(std::shared_ptr<File> file, std::uint64_t offset, const Frame& frame, const Key& data_key,
                std::function<void(const Error&)> on_failure);
  std::uint64_t size() const override { return frame_.trailer.payload_bytes; }
  Result<std::size_t> read(std::uint64_t offset, ByteSpan into) override;

 private:
  std::size_t plain_bytes(std::uint64_t index) const;
  Status open_chunk(std::uint64_t index, std::uint8_t* plain);
  Status load_chunk(std::uint64_t index);
  const std::shared_ptr<File> file_;
  const std::uint64_t record_;
  const Frame frame_;
  Seal seal_;
  const std::function<void(const Error&)> on_failure_;
  bool told_ = false;
  Bytes chunk_;  // the plain chunk last opened in part
  std::uint64_t chunk_index_ = ~0ull;
};

// Whole small payloads (notes).
Result<Bytes> read_payload(File& file, std::uint64_t offset, const Frame& frame, const Keyring& keys);

}  // namespace sampan::queue
