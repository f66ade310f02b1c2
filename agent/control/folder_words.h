// SPDX-License-Identifier: Apache-2.0
// Folder words: what is wrong with a folder that images come from or go to, and exactly what makes it right.
//
// Part of the client half: stands on base alone. Pure.
// Fails:   never: a trouble of a newer version is told as the system said it.
#pragma once

#include <string>

#include "control/node_status.h"
#include "control/words.h"

namespace sampan::control {

// "the folder is not there"
std::string folder_words(const FolderStatus& folder, Lang lang);
std::string folder_remedy(const FolderStatus& folder, Lang lang);
// What lets the service write there, when the system called it read-only or refused it.
std::string write_remedy(const std::string& path, bool read_only, Lang lang);
// Whether an error that ends with what the system said means a file system that is read-only, to the service at least.
bool says_read_only(const std::string& error);

}  // namespace sampan::control
