// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sampan {
namespace {

Error from_errno(const char* call, const std::string& path) {
  const int number = errno;
  const Errc code = number == ENOSPC || number == EDQUOT ? Errc::full : number == ENOENT ? Errc::not_found : Errc::io;
  return fail(code, std::string(call) + " " + path + ": " + std::strerror(number));
}

constexpr std::uintptr_t direct_block_bytes = 4096;  // of memory, offset and length: what every disk of today takes

bool is_whole_blocks(std::uint64_t offset, ByteView bytes) {
  return (reinterpret_cast<std::uintptr_t>(bytes.data()) | offset | bytes.size()) % direct_block_bytes == 0;
}

class PosixFile final : public File {
 public:
  // direct_fd: the same file opened with O_DIRECT, or -1.
  PosixFile(int fd, std::string path, int direct_fd = -1) : fd_(fd), direct_fd_(direct_fd), path_(std::move(path)) {}
  ~PosixFile() override {
    ::close(fd_);
    if (direct_fd_ >= 0) ::close(direct_fd_);
  }

  Result<std::size_t> read_at(std::uint64_t offset, ByteSpan into) override {
    std::size_t got = 0;
    while (got < into.size()) {
      const auto n = ::pread(fd_, into.data() + got, into.size() - got, static_cast<off_t>(offset + got));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return from_errno("read", path_);
      if (n == 0) break;
      got += static_cast<std::size_t>(n);
    }
    return got;
  }

  Status write_at(std::uint64_t offset, ByteView bytes) override {
    int fd = direct_fd_ >= 0 && is_whole_blocks(offset, bytes) ? direct_fd_ : fd_;
    std::size_t done = 0;
    while (done < bytes.size()) {
      const auto n = ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno == EINVAL && std::exchange(fd, fd_) != fd_) continue;  // this disk wants larger blocks
      if (n < 0) return from_errno("write", path_);
      done += static_cast<std::size_t>(n);
    }
    return {};
  }

  Status sync() override {
    if (::fdatasync(fd_) != 0) return from_errno("fdatasync", path_);
    return {};
  }

  Result<std::uint64_t> size() override {
    struct stat info{};
    if (::fstat(fd_, &info) != 0) return from_errno("fstat", path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

  Status punch(std::uint64_t offset, std::uint64_t length) override {
    if (::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                    static_cast<off_t>(length)) != 0) {
      const bool never = errno == EOPNOTSUPP;
      Error error = from_errno("punch", path_);
      if (never) error.code = Errc::refused;
      return error;
    }
    return {};
  }

  Status reserve(std::uint64_t length) override {
    if (::fallocate(fd_, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(length)) != 0 && errno != EOPNOTSUPP)
      return from_errno("fallocate", path_);
    return {};
  }

  void stream() override {
    if (direct_fd_ >= 0) ::close(std::exchange(direct_fd_, -1));
  }

  void write_back(std::uint64_t offset, std::uint64_t length) override {
    ::sync_file_range(fd_, static_cast<off_t>(offset), static_cast<off_t>(length), SYNC_FILE_RANGE_WRITE);
  }

  void will_need(std::uint64_t offset, std::uint64_t length) override {
    ::posix_fadvise(fd_, static_cast<off_t>(offset), static_cast<off_t>(length), POSIX_FADV_WILLNEED);
  }

  void forget(std::uint64_t offset, std::uint64_t length) override {
    ::posix_fadvise(fd_, static_cast<off_t>(offset), static_cast<off_t>(length), POSIX_FADV_DONTNEED);
  }

 private:
  const int fd_;
  int direct_fd_;
  const std::string path_;
};

class Disk final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, Mode mode) override {
    const int flags = mode == Mode::read ? O_RDONLY : mode == Mode::write ? O_RDWR : O_RDWR | O_CREAT | O_EXCL;
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, 0600);  // a pipe is waited at until somebody writes to it
    if (fd < 0) return from_errno("open", path);
    if (struct stat info{}; ::fstat(fd, &info) == 0 && !S_ISREG(info.st_mode)) return ::close(fd), fail(Errc::io, "open " + path + ": it is no file");
    const int direct_fd = mode == Mode::append_new ? ::open(path.c_str(), O_WRONLY | O_DIRECT | O_CLOEXEC) : -1;
    return std::unique_ptr<File>(new PosixFile(fd, path, direct_fd));
  }

  Status make_directories(const std::string& path) override {
    struct stat info{};
    if (::stat(path.c_str(), &info) == 0) {
      if (S_ISDIR(info.st_mode)) return {};
      return fail(Errc::io, path + ": exists and is not a directory");
    }
    const std::string parent = parent_of(path);
    if (parent != path)
      if (Status made = make_directories(parent); !made) return made;
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return from_errno("mkdir", path);
    return sync_directory(parent);
  }

  Status sync_directory(const std::string& path) override {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return from_errno("open", path);
    const int failed = ::fsync(fd);
    const int number = errno;
    ::close(fd);
    errno = number;
    if (failed != 0) return from_errno("fsync", path);
    return {};
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return from_errno("rename", from);
    return {};
  }

  Status unlink(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return from_errno("unlink", path);
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
    if (!open) return from_errno("opendir", directory);
    std::vector<std::string> names;
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(open.get());
      if (entry == nullptr) break;
      const std::string name = entry->d_name;
      if (name != "." && name != "..") names.push_back(name);
    }
    if (errno != 0) return from_errno("readdir", directory);  // half a listing would say that segments are gone
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<DiskSpace> space(const std::string& path) override {
    struct statvfs info{};
    if (::statvfs(path.c_str(), &info) != 0) return from_errno("statvfs", path);
    if ((info.f_flag & ST_RDONLY) != 0) return fail(Errc::io, path + ": the disk is read-only");
    return DiskSpace{info.f_blocks * info.f_frsize, info.f_bavail * info.f_frsize, info.f_files, info.f_favail};
  }

 private:
  static std::string parent_of(const std::string& path) {
    const auto slash = path.find_last_of('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
  }
};

}  // namespace

FileSystem& disk() {
  static Disk instance;
  return instance;
}

Status write_durably(FileSystem& files, const std::string& path, ByteView bytes) {
  const std::string temporary = path + ".new";
  if (Status gone = files.unlink(temporary); !gone && gone.error().code != Errc::not_found) return gone;
  auto file = files.open(temporary, FileSystem::Mode::create_new);
  if (!file) return file.error();
  if (Status written = (*file)->write_at(0, bytes); !written) return written;
  if (Status synced = (*file)->sync(); !synced) return synced;
  if (Status renamed = files.rename(temporary, path); !renamed) return renamed;
  const auto slash = path.find_last_of('/');
  return files.sync_directory(slash == std::string::npos ? "." : path.substr(0, slash));
}

Result<Bytes> read_whole(FileSystem& files, const std::string& path, std::size_t bytes_max) {
  auto file = files.open(path, FileSystem::Mode::read);
  if (!file) return file.error();
  auto size = (*file)->size();
  if (!size) return size.error();
  if (*size > bytes_max) return fail(Errc::limit, path + ": larger than " + std::to_string(bytes_max) + " bytes");
  Bytes bytes(*size);
  auto got = (*file)->read_at(0, bytes);
  if (!got) return got.error();
  bytes.resize(*got);
  return bytes;
}

}  // namespace sampan
