// SPDX-License-Identifier: Apache-2.0
// Secret: a password or token kept in a file of its own, so that settings can be shown to anyone.
//
// The file is read each time: what was changed counts at the next use. The line break an editor leaves is not part of it.
// Threads: any.
// Fails:   unreadable, empty, or holding anything but one line of text -> Error naming the file, never its content.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

namespace sampan::uplink {

Result<std::string> read_secret(FileSystem& files, const std::string& path);

}  // namespace sampan::uplink
