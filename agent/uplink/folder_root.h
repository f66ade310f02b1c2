// SPDX-License-Identifier: Apache-2.0
// Folder root: the folder that images go to, and whether it is the one they went to before. Shared by those who write to it and those
// who ask.
//
// A share that is not mounted looks like an empty folder, or like what an earlier start left below its mount point. So .incoming holds a
// random word (folder-id), and a file of this node's holds the same word: without it, or with another one, nothing is written.
// Several nodes that begin with one root agree on the word of the first.
// A person who means another folder makes an empty .incoming/folder-id in it. What an earlier version remembered has no word: it is
// taken for the same folder where more than .incoming is there, or where a disk is mounted on it (its device is not its parent's).
// Threads: any; settle() one at a time.
// Fails:   what cannot be looked at or remembered -> Retry, scope destination, in words: nothing is written that cannot be found again.
#pragma once

#include <optional>
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

  // Nothing: it is the one of before, or nothing went there yet.
  std::optional<core::Retry> look() const;
  // Before the first is written, once look() is content and .incoming is there: from now on only this one is the one.
  std::optional<core::Retry> settle() const;

 private:
  struct Memory {
    bool used = false;
    std::string word;  // empty: of an earlier version
  };
  Result<Memory> memory() const;
  Result<std::string> word_in(const std::string& path) const;
  Result<std::string> make_word() const;
  Status write_word(const std::string& path) const;
  std::optional<core::Retry> look_without_word() const;

  const std::string path_, incoming_, word_file_;
  const std::string memory_;   // a file that holds the word and path_, once something was to be written there; empty: none
  const std::string earlier_;  // where an earlier version remembered a path that it did not tidy
  FileSystem& files_;
};

// The cause without the path before it, which holds UIDs.
core::Retry folder_fails(const Error& error);

}  // namespace sampan::uplink
