// SPDX-License-Identifier: Apache-2.0
// Folder share: lets those who may read a folder read what is put into it: a daemon's umask is not what they agreed on. Where that
// cannot be, and on a file system in memory, it is not.
//
// Nothing is changed, or made, through a symbolic link that somebody put below the root; the root itself may be one. That is
// looked at when a folder is made and once in every attempt; one that is swapped for a link while an attempt runs is followed.
// Threads: any.
// Fails:   a link, or a file, in the place of a folder -> Errc::invalid, in words.
#pragma once

#include <string>

#include "base/result.h"

namespace sampan::uplink {

// Of what is there of directory, below root: are all of them folders?
Status has_no_links(const std::string& root, const std::string& directory);
// The folders from below root down to directory: for those of root.
Status share_folders(const std::string& root, const std::string& directory);
// A root that was just made: for those of the folder it is in, but for the world.
void share_root(const std::string& root);
// A file of ours: for those of root.
void share_file(const std::string& path, const std::string& root);

}  // namespace sampan::uplink
