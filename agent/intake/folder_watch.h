// SPDX-License-Identifier: Apache-2.0
// FolderWatch: waits for what the kernel says of a folder (inotify(7)) and of mounts (proc(5), mountinfo), for a deadline, or for
// wake(). A share that is mounted over a watched folder is nothing that the folder itself could tell.
//
// Threads: one; wake() from any.
// Bounded: limits::folder_subfolders_max folders.
// Fails:   start() -> Errc::io when there are no descriptors; without inotify it still waits for the rest.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "intake/folder_tree.h"

namespace sampan::intake {

class FolderWatch {
 public:
  enum class News {
    created,  // a file, perhaps still being written
    closed,   // written and closed, or moved here
    folder,   // a new folder
    lost      // something was missed or mounted, or the folder itself went: look at everything
  };
  using Tell = std::function<void(const std::string& path, News news)>;

  explicit FolderWatch(std::string root) : root_(std::move(root)) {}
  Status start();
  // path: below the root; empty for the root. False when it cannot be watched, for instance at the kernel's limit.
  bool add(const std::string& path);
  // Blocks; nothing: until something happens.
  void wait(std::optional<Millis> at_most, const Tell& tell);
  void wake();

 private:
  void read_events(const Tell& tell);
  void hear(const void* event, const Tell& tell);

  const std::string root_;
  Descriptor inotify_, wake_, mounts_;
  std::unordered_map<int, std::string> folders_;  // by watch descriptor
};

}  // namespace sampan::intake
