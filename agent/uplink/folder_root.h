// SPDX-License-Identifier: Apache-2.0
// Folder root: the folder that images go to, and whether they went to it before. Shared by those who write to it and those who ask.
//
// Threads: any; remember() one at a time.
// Fails:   never; what cannot be remembered is logged, and tried again by who comes next.
#pragma once

#include <string>

#include "base/file.h"
#include "core/outcome.h"
#include "uplink/folder.h"

namespace sampan::uplink {

class FolderRoot {
 public:
  FolderRoot(const FolderOptions& options, FileSystem& files);
  const std::string& path() const { return path_; }
  const std::string& incoming() const { return incoming_; }
  bool was_used() const;
  void remember() const;

 private:
  const std::string path_, incoming_;
  const std::string memory_;  // a file that holds path_, once something was to be written there; empty: none
  FileSystem& files_;
};

// Images went there before, and what they went to is not there.
core::Retry is_another_folder();
// The cause without the path before it, which holds UIDs.
core::Retry folder_fails(const Error& error);

}  // namespace sampan::uplink
