// SPDX-License-Identifier: Apache-2.0
// Plain files: what a node says of a file that is not DICOM (an ECG as PDF or XML), and which item it is.
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/ids.h"
#include "intake/folder_tree.h"

namespace sampan::intake {

// RFC 6838, by the first bytes, then by the name; application/octet-stream when neither tells.
std::string media_type_of(ByteView start, std::string_view name);

// The same file is the same item, also when it is found again after a crash. What is put in anew is another, also where
// path, bytes and time of modification are those of one that went: its inode, or the time that it changed, is another. A
// UUIDv7 whose time is that of the modification. One whose rights change while a crash keeps it from being removed is sent twice.
Uuid plain_file_id(std::string_view path, const FileState& state, const Digest& content);

}  // namespace sampan::intake
