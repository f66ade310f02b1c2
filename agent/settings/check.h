// SPDX-License-Identifier: Apache-2.0
// Check: the rules that join several options of one file.
//
// Threads: any.
#pragma once

#include <functional>
#include <string>

#include "settings/settings.h"

namespace sampan::settings {

// Whether the file names an option, by its concrete path ("destinations[1].dimse"), even with a value that is wrong.
using Given = std::function<bool(const std::string& path)>;
// Told of each mistake, at the place of the option of that path.
using Complain = std::function<void(const std::string& path, Words words)>;

void check(const Settings& settings, const Given& given, const Complain& complain);
// Only that folders stay apart from each other and from the state directory.
void check_folders(const Settings& settings, const Complain& complain);

// Fills in what defaults to the value of another option.
void complete(Settings& settings);

}  // namespace sampan::settings
