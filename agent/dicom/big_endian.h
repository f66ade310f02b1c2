// SPDX-License-Identifier: Apache-2.0
// Big-endian numbers, as the headers and items of every PDU have them (PS3.8 9.3.1).
//
// Threads: pure functions.
// Fails:   never; the bytes are there.
#pragma once

#include <cstdint>

namespace sampan::dicom {

inline std::uint16_t load_be16(const std::uint8_t* at) { return static_cast<std::uint16_t>(at[0] << 8 | at[1]); }
inline std::uint32_t load_be32(const std::uint8_t* at) { return std::uint32_t{load_be16(at)} << 16 | load_be16(at + 2); }
inline void store_be32(std::uint8_t* at, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) *at++ = static_cast<std::uint8_t>(value >> shift);
}

}  // namespace sampan::dicom
