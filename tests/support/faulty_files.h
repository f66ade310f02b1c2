// SPDX-License-Identifier: Apache-2.0
// FaultyFiles: the real disk with faults a test can switch on.
#pragma once

#include <atomic>
#include <functional>

#include "base/file.h"

namespace sampan::test {

class FaultyFiles final : public FileSystem {
 public:
  std::atomic<bool> sync_fails{false}, write_fails{false}, full{false}, punch_fails{false};
  std::atomic<bool> syncs_for_nothing{false};  // quick, where no power is lost
  std::atomic<int> syncs{0}, directory_syncs{0};
  std::atomic<std::uint64_t> unreadable_from{0}, unreadable_to{0};  // of every segment
  std::atomic<std::uint64_t> forgotten{0};                          // bytes that the page cache was asked to give up
  std::atomic<int> failing_read{0};                                 // of segments: the nth from now fails, once; 0: none
  std::atomic<std::uint64_t> free_bytes_max{UINT64_MAX};            // shown
  FileSystem* below = &disk();                                      // what has the faults
  // Set before the threads that meet them.
  std::function<void()> before_sync = [] {};

  class Handle final : public File {
   public:
    Handle(FaultyFiles& owner, std::unique_ptr<File> file, bool segment)
        : owner_(owner), file_(std::move(file)), segment_(segment) {}
    Result<std::size_t> read_at(std::uint64_t offset, ByteSpan into) override {
      if (segment_ && offset < owner_.unreadable_to && offset + into.size() > owner_.unreadable_from)
        return fail(Errc::io, "read: injected");
      if (segment_ && owner_.failing_read > 0 && --owner_.failing_read == 0) return fail(Errc::io, "read: injected once");
      return file_->read_at(offset, into);
    }
    Status write_at(std::uint64_t offset, ByteView bytes) override {
      if (owner_.write_fails) return fail(Errc::io, "write: injected");
      if (owner_.full) return fail(Errc::full, "write: injected");
      return file_->write_at(offset, bytes);
    }
    Status sync() override {
      ++owner_.syncs;
      owner_.before_sync();
      if (owner_.sync_fails) return fail(Errc::io, "fdatasync: injected");
      return owner_.syncs_for_nothing ? Status{} : file_->sync();
    }
    Result<std::uint64_t> size() override { return file_->size(); }
    Status punch(std::uint64_t offset, std::uint64_t length) override {
      return owner_.punch_fails ? Status(fail(Errc::refused, "punch: injected")) : file_->punch(offset, length);
    }
    Status reserve(std::uint64_t length) override { return file_->reserve(length); }
    void write_back(std::uint64_t offset, std::uint64_t length) override { file_->write_back(offset, length); }
    void will_need(std::uint64_t offset, std::uint64_t length) override { file_->will_need(offset, length); }
    void forget(std::uint64_t offset, std::uint64_t length) override {
      owner_.forgotten += length;
      file_->forget(offset, length);
    }

   private:
    FaultyFiles& owner_;
    std::unique_ptr<File> file_;
    const bool segment_;
  };

  Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override {
    auto file = below->open(path, mode);
    if (!file) return file.error();
    return std::unique_ptr<File>(new Handle(*this, std::move(*file), path.ends_with(".seg")));
  }
  Status make_directories(const std::string& path) override { return below->make_directories(path); }
  Status sync_directory(const std::string& path) override {
    ++directory_syncs;
    return syncs_for_nothing ? Status{} : below->sync_directory(path);
  }
  Status rename(const std::string& from, const std::string& to) override { return below->rename(from, to); }
  Status unlink(const std::string& path) override { return below->unlink(path); }
  Result<std::vector<std::string>> list(const std::string& directory) override { return below->list(directory); }
  Result<DiskSpace> space(const std::string& path) override {
    auto real = below->space(path);
    if (real && full) real->free_bytes = 0;
    if (real && real->free_bytes > free_bytes_max) real->free_bytes = free_bytes_max;
    return real;
  }
};

}  // namespace sampan::test
