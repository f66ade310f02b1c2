// SPDX-License-Identifier: Apache-2.0
// Ballast: space and names held back, to be thrown overboard when somebody else has filled the disk (FORMAT.md).
//
// Threads: one at a time.   Owns: <state>/ballast.
// Fails:   never: what cannot be held back is not there when it is needed, which is tried again later.
#pragma once

#include <string>

#include "base/file.h"

namespace sampan::queue {

class Ballast {
 public:
  Ballast(FileSystem& files, const std::string& state_directory) : files_(files), folder_(state_directory + "/ballast") {}

  // There again, where the disk has room to spare.
  void restore();
  // True when it gave anything back.
  bool release();

 private:
  std::string path_of(unsigned number) const { return folder_ + "/" + std::to_string(number); }
  FileSystem& files_;
  const std::string folder_;
  bool whole_ = false;
};

}  // namespace sampan::queue
