// SPDX-License-Identifier: Apache-2.0
// Hashes: SHA-256 (FIPS 180-4) for content, HMAC-SHA-256 for blind indexes, CRC-32C (RFC 3720) for records.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"

namespace sampan {

using Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(ByteView bytes);
  // Ends the computation; update() afterwards is a bug.
  Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Digest sha256(ByteView bytes);
Digest hmac_sha256(ByteView key, ByteView message);

// Start with 0 and feed the result back to go on.
std::uint32_t crc32c(ByteView bytes, std::uint32_t so_far = 0);

}  // namespace sampan
