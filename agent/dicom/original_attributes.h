// SPDX-License-Identifier: Apache-2.0
// Original attributes: elements and items as bytes, and the item that says what a data set was before it was changed
// (Original Attributes Sequence, PS3.3 C.12.1.1.9).
//
// Little-endian only. Threads: any.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"

namespace sampan::dicom {

inline constexpr std::uint32_t original_attributes_tag = 0x04000561;

// Who changed it and when.
struct ChangeNote {
  WallTime time{};     // the same for every attempt, so that a repeat is the same instance
  std::string system;  // Modifying System (0400,0563); ASCII, at most 64 characters
  std::string source;  // Source of Previous Values (0400,0564); same, or empty
};

// vr as in the file where it is explicit. The value is padded to an even length with spaces.
Bytes encode_element(std::uint32_t tag, std::string_view vr, ByteView value, bool implicit_vr);
// before: whole elements as they were, by tag; one that was not there has no value.
Bytes original_attributes_item(const std::map<std::uint32_t, Bytes>& before, const ChangeNote& note, bool implicit_vr);

}  // namespace sampan::dicom
