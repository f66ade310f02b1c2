// SPDX-License-Identifier: Apache-2.0
// Ballast: space and names held back, to be thrown overboard when somebody else has filled the disk (FORMAT.md).
//
// What runs gives back one half only: whoever filled the disk takes that as well, and the next start has the other.
// Threads: one at a time.   Owns: <state>/ballast.
// Fails:   never: what cannot be held back is not there when it is needed, which is tried again later.
#pragma once

#include <string>

#include "base/file.h"
#include "core/limits.h"

namespace sampan::queue {

class Ballast {
 public:
  Ballast(FileSystem& files, const std::string& state_directory) : files_(files), folder_(state_directory + "/ballast") {}

  // There again, where the disk has room to spare.
  void restore();
  // While running.
  void release_half() { release(files_held / 2); }
  // At a start, which cannot do without.
  void release() { release(files_held); }

 private:
  static constexpr unsigned files_held = core::limits::ballast_files;
  void release(unsigned count);
  std::string path_of(unsigned number) const { return folder_ + "/" + std::to_string(number); }
  FileSystem& files_;
  const std::string folder_;
  bool whole_ = false;
};

}  // namespace sampan::queue
