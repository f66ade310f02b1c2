// SPDX-License-Identifier: Apache-2.0
// FolderWhole: whether a file holds all that its data set says: a copy that broke off was closed as any other file.
//
// Adds up lengths and keeps nothing. What cannot be followed, or has too many elements to be, counts as whole: it is not for this
// to say what an image is.
// Pure but for what it reads.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace sampan::intake {

// Fewer bytes only at the end; a failure counts as the end.
using ReadAt = std::function<Result<std::size_t>(std::uint64_t at, ByteSpan into)>;

// Of the data set at [begin, end): an element goes on behind the end, or the end of one that is marked is missing.
bool ends_early(const ReadAt& read, std::uint64_t begin, std::uint64_t end, std::string_view transfer_syntax_uid);

}  // namespace sampan::intake
