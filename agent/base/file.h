// SPDX-License-Identifier: Apache-2.0
// File: the seam to the disk. Everything durable goes through it, so that tests can fail it and lose power under it.
//
// A byte is durable after sync(); a name is durable after sync_directory() of its folder.
// Threads: read_at, write_at, sync and punch on one File from any thread.
// Fails:   ENOSPC, EDQUOT -> Errc::full; ENOENT -> Errc::not_found; everything else -> Errc::io, naming call and errno.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace sampan {

class File {
 public:
  virtual ~File() = default;
  // Reads up to into.size() bytes; fewer only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, ByteSpan into) = 0;
  // Writes all of bytes or fails.
  virtual Status write_at(std::uint64_t offset, ByteView bytes) = 0;
  // fdatasync: data and size.
  virtual Status sync() = 0;
  virtual Result<std::uint64_t> size() = 0;
  // Gives the blocks of [offset, offset + length) back; they read as zeros. Size stays.
  // Errc::refused: the file system gives no part of any file back.
  virtual Status punch(std::uint64_t offset, std::uint64_t length) = 0;
  // Reserves space up to length bytes without changing the size; a hint that may do nothing.
  virtual Status reserve(std::uint64_t length) = 0;
  // What is written from now on is much, and waited for at its end only: it goes through the page cache, from which the disk is
  // given more than one write at a time; a hint.
  virtual void stream() {}
  // Asks the kernel to start writing [offset, offset + length) back now, so that the sync at the end is short; a hint.
  virtual void write_back(std::uint64_t offset, std::uint64_t length) = 0;
  // Asks the kernel to have [offset, offset + length) at hand soon; a hint.
  virtual void will_need(std::uint64_t offset, std::uint64_t length) = 0;
  // Tells the page cache that [offset, offset + length) is not needed again; a hint.
  virtual void forget(std::uint64_t offset, std::uint64_t length) = 0;
};

struct DiskSpace {
  std::uint64_t total_bytes = 0;
  std::uint64_t free_bytes = 0;   // for an unprivileged user
  std::uint64_t total_inodes = 0;  // 0 where the file system does not count them
  std::uint64_t free_inodes = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // create_new fails when the name exists. append_new does too; where the file system can, its writes of whole aligned
  // blocks go past the page cache, so that a sync has only the disk to wait for.
  enum class Mode { read, write, create_new, append_new };
  virtual Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) = 0;
  virtual Status make_directories(const std::string& path) = 0;  // 0700, durable
  virtual Status sync_directory(const std::string& path) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status unlink(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;  // names, sorted
  virtual Result<DiskSpace> space(const std::string& path) = 0;
};

// The real disk. Lives for ever.
FileSystem& disk();

// Whole small files: written under a temporary name, synced, renamed, directory synced.
Status write_durably(FileSystem& files, const std::string& path, ByteView bytes);
Result<Bytes> read_whole(FileSystem& files, const std::string& path, std::size_t bytes_max);

}  // namespace sampan
