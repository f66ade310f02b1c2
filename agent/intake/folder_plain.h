// SPDX-License-Identifier: Apache-2.0
// Plain files: what a node says of a file that is not DICOM (an ECG as PDF or XML), and which item it is.
//
// Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/ids.h"

namespace sampan::intake {

// RFC 6838, by the first bytes, then by the name; application/octet-stream when neither tells.
std::string media_type_of(ByteView start, std::string_view name);

// The same file is the same item, also when it is found again after a crash; a file of the same path written later, or
// with other bytes, is another. A UUIDv7 whose time is that of the last change.
Uuid plain_file_id(std::string_view path, std::int64_t modified_ms, const Digest& content);

}  // namespace sampan::intake
