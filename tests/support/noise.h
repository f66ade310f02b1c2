// SPDX-License-Identifier: Apache-2.0
// Noise: bytes that nothing compresses, the same ones for the same state.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace sampan::test {

inline Bytes noise(std::size_t size, std::uint64_t state) {
  Bytes bytes(size);
  for (auto& byte : bytes) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    byte = static_cast<std::uint8_t>(state >> 56);
  }
  return bytes;
}

}  // namespace sampan::test
