// SPDX-License-Identifier: Apache-2.0
// FolderCondition: how a folder is from which files are taken, for the person who asks why nothing comes.
//
// Values only; no name of a file in them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace sampan::intake {

// The worst first.
enum class FolderTrouble {
  none,
  missing,          // not there
  unmounted,        // the share or disk that lay here is gone, and the empty place of it is left
  unreadable,       // there, and cannot be opened or listed
  read_only,        // files are taken and stay: on a file system that is read-only, to this process at least
  unwritable,       // files are taken and stay, for any other reason
  file_too_large,   // one of its files finds no room here, and others do
  files_unreadable  // some of its files cannot be opened
};

struct FolderCondition {
  FolderTrouble trouble = FolderTrouble::none;
  std::string said;                       // by the system, of this trouble
  std::optional<WallTime> last_file;      // taken, since the start
  std::uint64_t set_aside = 0;            // files in .sampan-rejected, at most limits::folder_files_max
  std::uint64_t missing_files = 0;        // that the last incomplete medium names
  std::optional<WallTime> missing_since;  // when that was said
};

// "missing"; empty for none.
std::string_view to_string(FolderTrouble trouble);

}  // namespace sampan::intake
