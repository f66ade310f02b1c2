// SPDX-License-Identifier: Apache-2.0
// SimulatedDisk: a disk in memory that loses power as real ones do, and fails when it is told to.
//
// Everything replays from the seed. A byte is durable after sync(), a name after sync_directory(); of the rest a cut keeps,
// drops, tears (at 512 bytes) and reorders what the dice say. After a sync that failed its bytes are still read, until they
// are forgotten or the power goes, and never become durable.
// Threads: any; one at a time is inside.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/file.h"

namespace sampan::sim {

class SimulatedDisk final : public FileSystem {
 public:
  explicit SimulatedDisk(std::uint64_t seed, std::uint64_t total_bytes = 1ull << 40);

  // Chances of a failure in 1000 calls, from now on.
  struct Faults {
    unsigned write_io = 0, sync_io = 0, read_io = 0, full = 0;
  };
  void fail(const Faults& faults);
  void resize(std::uint64_t total_bytes);
  // What could change the disk is counted: writes, syncs, and changes of names.
  std::uint64_t operations() const { return operations_; }
  // The machine, or its process, ends before this operation: from there on nothing is done and everything fails.
  void die_at(std::uint64_t operation) { die_at_ = operation; }
  void die_now() { die_at_ = operations_; }
  // Calls that failed because of faults or a full disk, not counting those of the dead.
  std::uint64_t failures() const { return failures_; }
  bool dead() const { return operations_ >= die_at_; }
  // A new process on the same disk; what is in the page cache still is.
  void restart();
  // The power went: what is not durable is subject to the dice. Then as restart().
  void cut_power();
  std::uint64_t used_bytes() const;
  // Behind the back of everybody, and durable at once.
  bool exists(const std::string& path) const { return names_.contains(path); }
  void erase(const std::string& path);
  void overwrite(const std::string& path, std::uint64_t offset, ByteView bytes);
  void truncate(const std::string& path, std::uint64_t size);

  class Handle;

  Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override;
  Result<std::unique_ptr<Handle>> open_handle(const std::string& path, bool create);
  Status make_directories(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status unlink(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<DiskSpace> space(const std::string& path) override;

 private:
  struct Change {
    enum class What { write, truncate, punch } what = What::write;
    std::uint64_t offset = 0, length = 0;
    Bytes bytes{};
  };
  struct Inode {
    Bytes now, kept;
    std::vector<Change> pending;
    std::vector<bool> blocks;  // allocated, of 4096 bytes
  };
  using InodePtr = std::shared_ptr<Inode>;
  struct NameChange {
    std::string directory, from, to;  // to empty: unlinked; from empty: linked
    InodePtr inode;
  };
  using Names = std::map<std::string, InodePtr>;

  bool chance(unsigned in_1000);
  bool fault(unsigned in_1000);  // counted
  Status begin_change(unsigned io_in_1000, const char* what);
  Status allocate(Inode& inode, std::uint64_t offset, std::uint64_t length);
  void free_blocks(Inode& inode, std::uint64_t offset, std::uint64_t length);
  void apply(Bytes& to, const Change& change);
  void settle(Inode& inode, unsigned keeps_in_1000, bool in_order);
  void apply_torn(Bytes& to, const Change& change);
  static void apply_name(Names& names, const NameChange& change);
  void change_name(NameChange change);

  mutable std::mutex mutex_;
  std::mt19937_64 dice_;
  std::uint64_t total_bytes_;
  std::uint64_t used_blocks_ = 0;
  std::uint64_t operations_ = 0, die_at_ = UINT64_MAX, failures_ = 0;
  Faults faults_;
  Names names_, kept_names_;
  std::vector<NameChange> pending_names_;
  std::set<std::string> directories_;
};

class SimulatedDisk::Handle final : public File {
 public:
  Handle(SimulatedDisk& owner, InodePtr inode) : owner_(owner), inode_(std::move(inode)) {}
  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan into) override;
  Status write_at(std::uint64_t offset, ByteView bytes) override;
  Status sync() override;
  Result<std::uint64_t> size() override;
  Status punch(std::uint64_t offset, std::uint64_t length) override;
  Status reserve(std::uint64_t) override { return {}; }
  void write_back(std::uint64_t, std::uint64_t) override {}
  void will_need(std::uint64_t, std::uint64_t) override {}
  void forget(std::uint64_t offset, std::uint64_t length) override;
  Status truncate(std::uint64_t size);

 private:
  SimulatedDisk& owner_;
  const InodePtr inode_;
};

}  // namespace sampan::sim
