// SPDX-License-Identifier: Apache-2.0
// SizedFiles: a disk of any size, on the real one.
#pragma once

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"

namespace sampan::test {

struct SizedFiles final : FileSystem {
  DiskSpace sized{500ull << 30, 400ull << 30, 1'000'000, 900'000};
  std::filesystem::path used_under;  // where it is set, the blocks of the files there are what is not free
  Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override { return disk().open(path, mode); }
  Status make_directories(const std::string& path) override { return disk().make_directories(path); }
  Status sync_directory(const std::string& path) override { return disk().sync_directory(path); }
  Status rename(const std::string& from, const std::string& to) override { return disk().rename(from, to); }
  Status unlink(const std::string& path) override { return disk().unlink(path); }
  Result<std::vector<std::string>> list(const std::string& directory) override { return disk().list(directory); }
  Result<DiskSpace> space(const std::string&) override {
    if (used_under.empty()) return sized;
    std::uint64_t used = 0;
    std::error_code vanished;
    for (const auto& entry : std::filesystem::directory_iterator(used_under, vanished)) {
      struct ::stat info{};
      if (::stat(entry.path().c_str(), &info) == 0) used += static_cast<std::uint64_t>(info.st_blocks) * 512;
    }
    auto space = sized;
    space.free_bytes = sized.total_bytes - std::min(used, sized.total_bytes);
    return space;
  }
};

}  // namespace sampan::test
