// SPDX-License-Identifier: Apache-2.0
// FolderTree: a folder that strangers write into, reached so that no name in it leads anywhere else.
//
// Every step is relative to an open directory and follows no symbolic link. Only regular files are ever opened.
// Names are bytes; they never appear in an error, since they may name a patient.
// Threads: one at a time.
// Fails:   gone, or another kind of thing than expected -> Errc::not_found; no space -> Errc::full; else Errc::io,
//          naming call and errno.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"

namespace sampan::intake {

// An open descriptor, closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

enum class EntryKind { file, folder, other };

// What shows that a file changed.
struct FileState {
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;  // of the inode; not comparable across remounts
  std::uint64_t device = 0, inode = 0;
  friend bool operator==(const FileState&, const FileState&) = default;
};

struct Entry {
  std::string name;
  EntryKind kind = EntryKind::other;
  FileState state;
};

// Whether somebody has a file open for writing or locked.
enum class Writer { none, someone, unknown };

class OpenFile {
 public:
  OpenFile(Descriptor fd, FileState state) : fd_(std::move(fd)), state_(state) {}
  const FileState& state() const { return state_; }  // when it was opened
  Result<FileState> state_now() const;
  // Fewer bytes only at the end.
  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan into) const;
  Writer writer() const;
  // Whether its state is another than that of a file of the same name, bytes and time that was there before it.
  bool tells_when_put_in() const;

 private:
  Descriptor fd_;
  FileState state_;
};

class OpenFolder {
 public:
  // A path of the settings: its own links are followed.
  static Result<OpenFolder> open(const std::string& path);
  Result<OpenFolder> enter(const std::string& name) const;
  // Made when it is not there, with the permissions of this one, so that the same people may look into it.
  Result<OpenFolder> enter_or_make(const std::string& name) const;

  // Regular files and folders, in no order; stops when take answers false.
  Status list(const std::function<bool(Entry)>& take) const;
  Result<Entry> look(const std::string& name) const;
  Result<OpenFile> open_file(const std::string& name) const;
  Status remove(const std::string& name) const;
  // Never replaces: an existing to_name is Errc::duplicate.
  Status move(const std::string& name, const OpenFolder& to, const std::string& to_name) const;
  // A small new file, synced, which the same people may read as this folder.
  Status write_new(const std::string& name, ByteView bytes) const;
  Status sync() const;
  // Whether names in it may be made and removed. A disc that nobody can write is no trouble.
  Status may_change() const;
  // Whether it lies on a file system that other machines change behind the kernel's back.
  bool is_remote() const;
  // Whether something else than the folder it is in lies here: a share, a disk.
  bool is_mount_point() const;

 private:
  explicit OpenFolder(Descriptor fd) : fd_(std::move(fd)) {}
  Descriptor fd_;
};

// Of statfs(2).
bool is_remote_type(std::uint32_t file_system);
bool keeps_change_times(std::uint32_t file_system);

// "a/b/c" -> "a/b" and "c".
std::string parent_of(const std::string& path);
std::string leaf_of(const std::string& path);
// The folder of a relative path, entered step by step.
Result<OpenFolder> walk(const OpenFolder& root, const std::string& path, bool make = false);

}  // namespace sampan::intake
