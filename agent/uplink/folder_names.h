// SPDX-License-Identifier: Apache-2.0
// Folder names: UIDs and file names of a peer made safe as names of files and directories.
//
// A UID of digits and dots stays as it is. Anything else is escaped, so that no UID leads out of the folder, hides, or
// takes the name that another UID has. The name of a file stays readable, in any script.
// Threads: any.
// Fails:   never.
#pragma once

#include <string>
#include <string_view>

namespace sampan::uplink {

// At most 200 bytes of [0-9A-Za-z._%~-], never "." or ".."; when_missing for an empty UID.
std::string safe_name(std::string_view uid, std::string_view when_missing);

// At most 150 bytes of UTF-8 that every system takes as one name behind a prefix; the ending survives a cut.
std::string safe_file_name(std::string_view name);

}  // namespace sampan::uplink
