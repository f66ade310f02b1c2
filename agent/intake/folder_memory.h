// SPDX-License-Identifier: Apache-2.0
// FolderMemory: which files of a folder are done with, by their paths, so that a DICOMDIR knows which of its own came already.
//
// Bounded: the newest limits::folder_files_max paths at least, twice as many at most; 16 bytes each.
// Threads: one.
#pragma once

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/hash.h"
#include "base/ids.h"
#include "core/limits.h"

namespace sampan::intake {

class FolderMemory {
 public:
  void note(const std::string& path) {
    if (newest_.size() >= core::limits::folder_files_max) before_ = std::exchange(newest_, {});
    newest_.insert(mark_of(path));
  }
  bool knows(const std::string& path) const {
    const Uuid mark = mark_of(path);
    return newest_.contains(mark) || before_.contains(mark);
  }
  void forget(const std::string& path) {
    const Uuid mark = mark_of(path);
    newest_.erase(mark), before_.erase(mark);
  }

 private:
  static Uuid mark_of(const std::string& path) {
    const Digest digest = sha256(as_bytes(path));
    Uuid mark;
    std::copy_n(digest.begin(), mark.bytes.size(), mark.bytes.begin());
    return mark;
  }

  std::unordered_set<Uuid, UuidHash> newest_, before_;
};

}  // namespace sampan::intake
