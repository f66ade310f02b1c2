// SPDX-License-Identifier: Apache-2.0
// FolderTroubles: what is wrong with a folder just now, each kind on its own, told to the log once.
//
// Threads: one.
#pragma once

#include <array>
#include <string>

#include "base/result.h"
#include "intake/folder_condition.h"

namespace sampan::intake {

class FolderTroubles {
 public:
  explicit FolderTroubles(const std::string& folder) : folder_(folder) {}
  // said: by the system. The log hears of it when it is new.
  void rise(FolderTrouble kind, const std::string& said);
  // read_only or unwritable, by what the system said.
  void rise_unwritable(const Error& error);
  void end(FolderTrouble kind);
  // rise() where something was said, else end().
  void set(FolderTrouble kind, const std::string& said) { said.empty() ? end(kind) : rise(kind, said); }
  bool is(FolderTrouble kind) const { return at(kind).on; }
  // Another thing for the log alone, once while it stays the same.
  void complain(const std::string& words);
  // The worst, into it.
  void tell(FolderCondition& condition) const;
  bool any() const;

 private:
  struct One {
    bool on = false;
    std::string said;
  };
  const One& at(FolderTrouble kind) const { return all_[static_cast<std::size_t>(kind)]; }

  const std::string& folder_;
  std::array<One, static_cast<std::size_t>(FolderTrouble::files_unreadable) + 1> all_;
  std::string complained_;
};

}  // namespace sampan::intake
