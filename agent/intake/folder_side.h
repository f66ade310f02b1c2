// SPDX-License-Identifier: Apache-2.0
// FolderSide: where a folder's files go that leave it without being removed: .sampan-done and .sampan-rejected below it.
//
// A file keeps its path below the side folder; where the name is taken, ~2, ~3... is added. Nothing is replaced.
// Threads: one at a time.
// Fails:   as FolderTree; the file stays where it was.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "intake/folder_reasons.h"
#include "intake/folder_tree.h"

namespace sampan::intake {

inline constexpr std::string_view side_prefix = ".sampan-";

// Both are durable when they return.
Status move_to_done(const OpenFolder& root, const std::string& path);
Status move_to_rejected(const OpenFolder& root, const std::string& path, Unfit reason, WallTime now);
// How many files wait there for a person, up to most; the notes beside them are not counted.
std::uint64_t count_rejected(const OpenFolder& root, std::uint64_t most);

}  // namespace sampan::intake
