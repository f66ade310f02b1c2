// SPDX-License-Identifier: Apache-2.0
// Seal: the nonces and additional data under which the parts of one record are sealed (FORMAT.md, Sealing).
//
// Threads: one thread at a time.
#pragma once

#include "base/aead.h"
#include "base/hash.h"
#include "base/ids.h"

namespace sampan::queue {

class Seal {
 public:
  Seal(const Key& data_key, const Uuid& item) : aead_(data_key), item_(item) {}

  // Each writes plain.size() + tag_bytes; plain may be sealed in place.
  void chunk(std::uint64_t index, ByteView plain, std::uint8_t* out) { aead_.seal(nonce(0, index), item_.bytes, plain, out); }
  void facts(ByteView plain, std::uint8_t* out) { aead_.seal(nonce(1, 0), item_.bytes, plain, out); }
  void summary(const Digest& sha256, std::uint64_t payload_bytes, std::uint8_t* out) {
    aead_.seal(nonce(2, 0), summary_aad(payload_bytes), sha256, out);
  }

  Status open_chunk(std::uint64_t index, ByteView sealed, std::uint8_t* out) {
    return aead_.open(nonce(0, index), item_.bytes, sealed, out);
  }
  Status open_facts(ByteView sealed, std::uint8_t* out) { return aead_.open(nonce(1, 0), item_.bytes, sealed, out); }
  Status open_summary(ByteView sealed, std::uint64_t payload_bytes, Digest& out) {
    return aead_.open(nonce(2, 0), summary_aad(payload_bytes), sealed, out.data());
  }

 private:
  static Nonce nonce(std::uint32_t purpose, std::uint64_t index) {
    Nonce value;
    store_le(value.data(), purpose);
    store_le(value.data() + 4, index);
    return value;
  }
  std::array<std::uint8_t, 24> summary_aad(std::uint64_t payload_bytes) const {
    std::array<std::uint8_t, 24> aad;
    std::memcpy(aad.data(), item_.bytes.data(), 16);
    store_le(aad.data() + 16, payload_bytes);
    return aad;
  }
  Aead aead_;
  Uuid item_;
};

}  // namespace sampan::queue
