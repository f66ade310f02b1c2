// SPDX-License-Identifier: Apache-2.0
// Disk health: after a write that failed nothing is promised, until a small one is durable.
//
// Threads: any; while one tries, the others are told that it fails.   Owns: <state>/probe, for a moment.
// Fails:   ask() -> Errc::io with what the disk said last.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "base/file.h"

namespace sampan::queue {

class DiskHealth {
 public:
  DiskHealth(FileSystem& files, const std::string& state_directory) : files_(files), path_(state_directory + "/probe") {}

  // What a write or a sync of a payload met; anything but Errc::io says nothing of the disk.
  void met(const Error& error);
  Status ask();

 private:
  Status try_it();
  FileSystem& files_;
  const std::string path_;
  std::atomic<bool> doubtful_{false};
  std::mutex mutex_;  // held by whoever tries
  std::mutex words_mutex_;
  std::string words_;
};

}  // namespace sampan::queue
