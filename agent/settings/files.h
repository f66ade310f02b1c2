// SPDX-License-Identifier: Apache-2.0
// Files: the settings file and every conf.d/*.yaml beside it, read whole.
//
// conf.d is a folder next to the settings file; the files in it follow in the order of their names (bytes compared),
// hidden ones are passed over. A file whose name merely looks like settings (.yml) is named, not silently left out.
// Threads: any.
// Fails:   whatever cannot be read is a problem of its own; the others are read all the same.
#pragma once

#include <string>
#include <vector>

#include "settings/settings.h"

namespace sampan::settings {

struct File {
  std::string name;  // the path as it is shown
  std::string text;
  bool read = true;  // false: the text is unknown, and a problem says why
};

// The first is the settings file itself.
std::vector<File> read_files(const std::string& path, Problems& problems);

}  // namespace sampan::settings
