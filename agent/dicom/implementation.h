// SPDX-License-Identifier: Apache-2.0
// Implementation: how this program names itself to others (PS3.7 D.3.3.2), in associations and in Part 10 files.
#pragma once

#include <string_view>

namespace sampan::dicom {

inline constexpr std::string_view implementation_uid = "2.25.113599879795976636179629929027378125248";
inline constexpr std::string_view implementation_version = "SAMPAN_0_1";  // at most 16 characters

}  // namespace sampan::dicom
