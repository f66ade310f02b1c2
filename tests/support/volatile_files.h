// SPDX-License-Identifier: Apache-2.0
// VolatileFiles: files in memory below which the power goes, for machines without loop devices and for unit tests.
//
// It holds what a running system sees and what a disk would keep: bytes by sync(), names by sync_directory(). Every call that
// changes something is a moment. When the power goes, each block (torn: each sector) and each name that was not synced
// survives by chance and on its own, so in any order; what is left is written to a real folder, and the process ends.
// Threads: any.
// Fails:   as a disk does; a path outside memory is not found.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>

#include "base/file.h"

namespace sampan::test {

class VolatileFiles final : public FileSystem {
 public:
  static constexpr int power_gone = 86;  // exit code of the process
  struct Cut {
    long moment = 0;  // at which the power goes, from 1; 0: never
    unsigned seed = 1, keep_percent = 0;
    bool torn = false;
    std::string survivors;                      // an existing folder: what the disk holds then
    std::function<void()> last_words = [] {};  // before the process ends
  };
  // Paths below root are meant; root itself is taken to be there.
  VolatileFiles(std::string root, Cut cut) : root_(std::move(root)), cut_(std::move(cut)), chance_(cut_.seed) {}

  long moments() const { return moments_; }

  Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override;
  Status make_directories(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status unlink(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<DiskSpace> space(const std::string&) override { return DiskSpace{1ull << 40, 1ull << 40, 0, 0}; }

 private:
  static constexpr std::size_t sector_bytes = 512, block_bytes = 4096;
  struct Content {
    Bytes seen, durable;
    std::set<std::uint64_t> dirty;    // sectors that differ, perhaps
    std::set<std::uint64_t> punched;  // blocks: given back as a whole, or not
  };
  using Names = std::map<std::string, std::shared_ptr<Content>>;
  // What happened to names of one folder and is not synced.
  struct Renaming {
    std::string folder;
    std::function<void(Names&)> apply;
  };
  class Handle;

  void touch_name(const std::string& path, std::function<void(Names&)> apply);
  void moment();  // the mutex is held
  bool by_chance() { return chance_() % 100 < cut_.keep_percent; }
  Bytes surviving(const Content& content);
  [[noreturn]] void lose_power();

  const std::string root_;
  const Cut cut_;
  std::minstd_rand chance_;
  std::mutex mutex_;
  Names seen_, durable_;
  std::set<std::string> folders_;
  std::vector<Renaming> pending_;
  long moments_ = 0;
};

}  // namespace sampan::test
