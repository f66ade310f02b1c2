// SPDX-License-Identifier: Apache-2.0
// Key files: what <state>/keys holds, found and judged before anything is decided, and the small files beside the keyring.
//
// Threads: none of its own.
// Fails:   a folder that gives no key -> Errc::refused, in both languages; the disk -> as it says.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "queue/key_doors.h"
#include "queue/key_text.h"

namespace sampan::queue {

struct KeyPaths {
  explicit KeyPaths(const std::string& state) : folder(state + "/keys"), spool(state + "/spool") {}
  static constexpr const char *ring = "keyring", *ring_copy = "keyring.copy", *local = "local.key", *local_copy = "local.key.copy",
                              *old = "node.key";
  const std::string folder, spool;
  std::string at(const char* name) const { return folder + "/" + name; }
};

struct FoundTexts {
  std::vector<KeyText> texts;  // that could be read, the newest first
  bool any = false;            // there was a file, readable or not
  bool both_alike = false;
};
Result<FoundTexts> find_texts(FileSystem& files, const KeyPaths& paths);
// The newest that opens. When none does, why.
Result<std::pair<KeyText, Opened>> open_newest(const KeyPaths& paths, const FoundTexts& found, const std::vector<KeyDoor>& doors);
// The keys of an older version, when that is what is here.
Result<std::optional<OldKeys>> find_old_keys(FileSystem& files, const KeyPaths& paths);
Result<bool> holds_segments(FileSystem& files, const std::string& spool);
Error keyring_missing(const KeyPaths& paths);

Status write_local_key(FileSystem& files, const KeyPaths& paths, const Key& key);
void forget_local_key(FileSystem& files, const KeyPaths& paths);
// So that one does not begin with other keys.
void tell_older_versions(FileSystem& files, const KeyPaths& paths);

}  // namespace sampan::queue
