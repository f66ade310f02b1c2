// SPDX-License-Identifier: Apache-2.0
// PowerCutFiles: the real disk until its Nth change; then the power is gone, and lose() takes from the disk what was not synced.
//
// Of the writes, punches, new names and removed names that no sync had covered, a seeded half stays, in no order.
// Threads: one at a time.   Small files only: what a change overwrote is kept in memory.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <vector>

#include "base/file.h"

namespace sampan::test {

class PowerCutFiles final : public FileSystem {
 public:
  // grave keeps what was unlinked and may come back; on the same file system.
  explicit PowerCutFiles(std::filesystem::path grave) : grave_(std::move(grave)) { std::filesystem::create_directories(grave_); }

  // The change of this number is the first that does not happen.
  void cut_at(int change) { left_ = change; }
  bool is_cut() const { return left_ <= 0; }
  int changes() const { return changes_; }

  void lose(unsigned seed) {
    std::mt19937 dice(seed);
    const auto stays = [&dice] { return dice() % 2 == 0; };
    for (auto change = written_.rbegin(); change != written_.rend(); ++change)
      if (!stays()) put_back(*change);
    for (auto& [path, aside] : removed_)
      if (!stays()) std::filesystem::rename(aside, path);
    for (const auto& path : made_)
      if (!stays()) std::filesystem::remove(path);
    written_.clear(), removed_.clear(), made_.clear();
  }

  Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override {
    const bool makes = mode == Mode::create_new || mode == Mode::append_new;
    if (makes && !change()) return gone();
    auto file = disk().open(path, mode);
    if (!file) return file.error();
    if (makes) made_.push_back(path);
    return std::unique_ptr<File>(new Handle(*this, path, std::move(*file)));
  }
  Status make_directories(const std::string& path) override { return change() ? disk().make_directories(path) : Status(gone()); }
  Status sync_directory(const std::string& path) override {
    if (!change()) return gone();
    std::erase_if(made_, [&](const auto& one) { return std::filesystem::path(one).parent_path() == path; });
    std::erase_if(removed_, [&](const auto& one) { return std::filesystem::path(one.first).parent_path() == path; });
    return disk().sync_directory(path);
  }
  Status rename(const std::string& from, const std::string& to) override { return change() ? disk().rename(from, to) : Status(gone()); }
  Status unlink(const std::string& path) override {
    if (!change()) return gone();
    if (!std::filesystem::exists(path)) return disk().unlink(path);
    const auto aside = grave_ / std::to_string(++graves_);
    std::filesystem::rename(path, aside);
    removed_[path] = aside;
    return {};
  }
  Result<std::vector<std::string>> list(const std::string& directory) override { return disk().list(directory); }
  Result<DiskSpace> space(const std::string& path) override { return disk().space(path); }

 private:
  struct Change {
    std::string path;
    std::uint64_t offset = 0, size_before = 0;
    std::string before;
  };
  class Handle final : public File {
   public:
    Handle(PowerCutFiles& owner, std::string path, std::unique_ptr<File> file)
        : owner_(owner), path_(std::move(path)), file_(std::move(file)) {}
    Result<std::size_t> read_at(std::uint64_t offset, ByteSpan into) override { return file_->read_at(offset, into); }
    Status write_at(std::uint64_t offset, ByteView bytes) override {
      return owner_.note(path_, offset, bytes.size()) ? file_->write_at(offset, bytes) : Status(owner_.gone());
    }
    Status sync() override {
      if (!owner_.change()) return owner_.gone();
      std::erase_if(owner_.written_, [this](const Change& one) { return one.path == path_; });
      return file_->sync();
    }
    Result<std::uint64_t> size() override { return file_->size(); }
    Status punch(std::uint64_t offset, std::uint64_t length) override {
      return owner_.note(path_, offset, length) ? file_->punch(offset, length) : Status(owner_.gone());
    }
    Status reserve(std::uint64_t length) override { return owner_.is_cut() ? Status(owner_.gone()) : file_->reserve(length); }
    void write_back(std::uint64_t, std::uint64_t) override {}
    void will_need(std::uint64_t, std::uint64_t) override {}
    void forget(std::uint64_t, std::uint64_t) override {}

   private:
    PowerCutFiles& owner_;
    const std::string path_;
    const std::unique_ptr<File> file_;
  };

  Error gone() const { return fail(Errc::io, "the power is gone"); }
  bool change() {
    if (is_cut()) return false;
    ++changes_;
    return --left_ > 0;
  }
  bool note(const std::string& path, std::uint64_t offset, std::uint64_t length) {
    if (!change()) return false;
    Change one{path, offset, std::filesystem::file_size(path), {}};
    if (offset < one.size_before) {
      one.before.resize(std::min(length, one.size_before - offset));
      std::ifstream in(path, std::ios::binary);
      in.seekg(static_cast<std::streamoff>(offset)).read(one.before.data(), static_cast<std::streamsize>(one.before.size()));
    }
    written_.push_back(std::move(one));
    return true;
  }
  // Blocks that were never written read as zeros; the size may be there without them.
  static void put_back(const Change& one) {
    if (!std::filesystem::exists(one.path)) return;
    std::string bytes = one.before;
    const auto size = std::filesystem::file_size(one.path);
    if (one.offset + bytes.size() < size && one.offset + bytes.size() >= one.size_before) bytes.resize(size - one.offset);
    std::fstream out(one.path, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(static_cast<std::streamoff>(one.offset)).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  const std::filesystem::path grave_;
  int left_ = 1 << 30, changes_ = 0, graves_ = 0;
  std::vector<Change> written_;
  std::vector<std::string> made_;
  std::map<std::string, std::filesystem::path> removed_;
};

}  // namespace sampan::test
