// SPDX-License-Identifier: Apache-2.0
// Dictionary: the value representation of an element whose encoding does not tell (PS3.6, by DCMTK's dictionary).
//
// Threads: any.
#pragma once

#include <cstdint>
#include <string_view>

namespace sampan::dicom {

// False when the system has no dictionary: then nothing is known.
bool has_dictionary();
// "PN", "SQ"...; empty for a private or unknown element. tag: 0xggggeeee. Lives for ever.
std::string_view vr_of(std::uint32_t tag);
// Of DCMTK, "3.6.7".
std::string_view toolkit_version();

}  // namespace sampan::dicom
