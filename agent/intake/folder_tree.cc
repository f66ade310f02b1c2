// SPDX-License-Identifier: Apache-2.0
#include "intake/folder_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace sampan::intake {
namespace {

Error from_errno(const char* call) {
  const int number = errno;
  const bool gone = number == ENOENT || number == ENOTDIR || number == ELOOP || number == ESTALE;
  const bool full = number == ENOSPC || number == EDQUOT;
  const Errc code = gone ? Errc::not_found : full ? Errc::full : number == EEXIST ? Errc::duplicate : Errc::io;
  return fail(code, std::string(call) + ": " + std::strerror(number));
}

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; }

FileState state_of(const struct stat& info) {
  return {static_cast<std::uint64_t>(info.st_size), nanoseconds(info.st_mtim), nanoseconds(info.st_ctim), info.st_dev,
          info.st_ino};
}

EntryKind kind_of(const struct stat& info) {
  return S_ISREG(info.st_mode) ? EntryKind::file : S_ISDIR(info.st_mode) ? EntryKind::folder : EntryKind::other;
}

Result<Descriptor> open_directory(int at, const char* name, int more_flags) {
  const int fd = ::openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | more_flags);
  if (fd < 0) return from_errno("open folder");
  return Descriptor(fd);
}

bool is_locked(int fd) {
  struct flock asked{};
  asked.l_type = F_RDLCK;
  asked.l_whence = SEEK_SET;
  if (::fcntl(fd, F_GETLK, &asked) == 0 && asked.l_type != F_UNLCK) return true;
  if (::flock(fd, LOCK_SH | LOCK_NB) != 0) return errno == EWOULDBLOCK;
  ::flock(fd, LOCK_UN);
  return false;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<FileState> OpenFile::state_now() const {
  struct stat info{};
  if (::fstat(fd_.get(), &info) != 0) return from_errno("fstat");
  return state_of(info);
}

Result<std::size_t> OpenFile::read_at(std::uint64_t offset, ByteSpan into) const {
  std::size_t got = 0;
  while (got < into.size()) {
    const auto n = ::pread(fd_.get(), into.data() + got, into.size() - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return from_errno("read");
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  return got;
}

// A read lease is granted only while nobody has the file open for writing (fcntl(2)). Should somebody open it in the
// moment we hold it, the kernel tells us by a signal: one that is ignored by default.
Writer OpenFile::writer() const {
  const int fd = fd_.get();
  if (is_locked(fd)) return Writer::someone;
  if (::fcntl(fd, F_SETSIG, SIGURG) != 0) return Writer::unknown;
  if (::fcntl(fd, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN ? Writer::someone : Writer::unknown;
  ::fcntl(fd, F_SETLEASE, F_UNLCK);
  return Writer::none;
}

Result<OpenFolder> OpenFolder::open(const std::string& path) {
  auto fd = open_directory(AT_FDCWD, path.c_str(), 0);
  if (!fd) return fd.error();
  return OpenFolder(std::move(*fd));
}

Result<OpenFolder> OpenFolder::enter(const std::string& name) const {
  auto fd = open_directory(fd_.get(), name.c_str(), O_NOFOLLOW);
  if (!fd) return fd.error();
  return OpenFolder(std::move(*fd));
}

Result<OpenFolder> OpenFolder::enter_or_make(const std::string& name) const {
  auto entered = enter(name);
  if (entered || entered.error().code != Errc::not_found) return entered;
  struct stat info{};
  if (::fstat(fd_.get(), &info) != 0) return from_errno("fstat");
  if (::mkdirat(fd_.get(), name.c_str(), 0700) != 0 && errno != EEXIST) return from_errno("mkdir");
  entered = enter(name);
  if (!entered) return entered;
  // The umask of a daemon is not what the people of this folder agreed on. Where it cannot be, it is not.
  const int made = entered->fd_.get();
  static_cast<void>(!::fchown(made, static_cast<uid_t>(-1), info.st_gid));
  // The unit lets nobody set S_ISGID (RestrictSUIDSGID=).
  if (::fchmod(made, info.st_mode & 07777) != 0) static_cast<void>(!::fchmod(made, info.st_mode & 0777));
  if (Status synced = sync(); !synced) return synced.error();
  return entered;
}

Status OpenFolder::list(const std::function<bool(Entry)>& take) const {
  auto again = open_directory(fd_.get(), ".", 0);
  if (!again) return again.error();
  DIR* stream = ::fdopendir(again->get());
  if (stream == nullptr) return from_errno("list folder");
  static_cast<void>(again->release());  // closed with the stream
  const std::unique_ptr<DIR, int (*)(DIR*)> guard(stream, ::closedir);
  for (;;) {
    errno = 0;
    const dirent* one = ::readdir(stream);
    if (one == nullptr) break;
    const std::string name = one->d_name;
    if (name == "." || name == "..") continue;
    auto entry = look(name);
    if (entry && entry->kind != EntryKind::other && !take(std::move(*entry))) return {};
  }
  if (errno != 0) return from_errno("list folder");
  return {};
}

Result<Entry> OpenFolder::look(const std::string& name) const {
  struct stat info{};
  if (::fstatat(fd_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return from_errno("stat");
  return Entry{name, kind_of(info), state_of(info)};
}

// A name may become a pipe between look and open: opening never blocks, and what was opened is looked at again.
Result<OpenFile> OpenFolder::open_file(const std::string& name) const {
  Descriptor fd(::openat(fd_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (fd.get() < 0) return from_errno("open");
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return from_errno("fstat");
  if (kind_of(info) != EntryKind::file) return fail(Errc::not_found, "open: not a file");
  return OpenFile(std::move(fd), state_of(info));
}

Status OpenFolder::remove(const std::string& name) const {
  if (::unlinkat(fd_.get(), name.c_str(), 0) != 0) return from_errno("unlink");
  return {};
}

Status OpenFolder::move(const std::string& name, const OpenFolder& to, const std::string& to_name) const {
  if (::renameat2(fd_.get(), name.c_str(), to.fd_.get(), to_name.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return from_errno("rename");
  // Not every file system can promise it. Nobody but us makes names in the folders that files are moved to.
  if (to.look(to_name)) return fail(Errc::duplicate, "rename: the name is taken");
  if (::renameat(fd_.get(), name.c_str(), to.fd_.get(), to_name.c_str()) != 0) return from_errno("rename");
  return {};
}

Status OpenFolder::write_new(const std::string& name, ByteView bytes) const {
  struct stat info{};
  if (::fstat(fd_.get(), &info) != 0) return from_errno("fstat");
  const Descriptor fd(::openat(fd_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (fd.get() < 0) return from_errno("create");
  static_cast<void>(!::fchown(fd.get(), static_cast<uid_t>(-1), info.st_gid));
  static_cast<void>(::fchmod(fd.get(), info.st_mode & 0666));
  while (!bytes.empty()) {
    const auto n = ::write(fd.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return from_errno("write");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  if (::fdatasync(fd.get()) != 0) return from_errno("fdatasync");
  return {};
}

// Some network file systems have no sync of a folder: EINVAL says that there is nothing to do.
Status OpenFolder::sync() const {
  if (::fsync(fd_.get()) != 0 && errno != EINVAL && errno != EROFS) return from_errno("fsync");
  return {};
}

Status OpenFolder::may_change() const {
  if (::faccessat(fd_.get(), ".", W_OK | X_OK, AT_EACCESS) == 0) return {};
  const Error error = from_errno("write");
  constexpr std::uint32_t iso9660 = 0x9660, udf = 0x15013346;
  struct statfs info{};
  const bool known = ::fstatfs(fd_.get(), &info) == 0;
  const auto type = known ? static_cast<std::uint32_t>(info.f_type) : 0;
  if (type == iso9660 || type == udf) return {};
  return error;
}

bool OpenFolder::is_mount_point() const {
  struct stat own{}, above{};
  return ::fstat(fd_.get(), &own) == 0 && ::fstatat(fd_.get(), "..", &above, 0) == 0 && own.st_dev != above.st_dev;
}

bool OpenFolder::is_remote() const {
  struct statfs info{};
  return ::fstatfs(fd_.get(), &info) != 0 || is_remote_type(static_cast<std::uint32_t>(info.f_type));
}

bool OpenFile::tells_when_put_in() const {
  struct statfs info{};
  return ::fstatfs(fd_.get(), &info) == 0 && keeps_change_times(static_cast<std::uint32_t>(info.f_type));
}

// On a stick, and behind some drivers of FUSE, the time of change is that of modification, and inodes are counted anew with each mount.
bool keeps_change_times(std::uint32_t file_system) {
  constexpr std::uint32_t fat = 0x4d44, exfat = 0x2011bab0, fuse = 0x65735546;  // linux/magic.h
  return file_system != fat && file_system != exfat && file_system != fuse;
}

bool is_remote_type(std::uint32_t file_system) {
  // statfs(2), linux/magic.h. FUSE as a whole: sshfs, cloud folders, and drivers that do not report every change.
  static constexpr std::array<std::uint32_t, 9> remote{
      0x6969,      // NFS
      0x517b,      // SMB
      0xff534d42,  // CIFS
      0xfe534d42,  // SMB2
      0x65735546,  // FUSE
      0x01021997,  // 9p, a folder of a virtual machine's host
      0x00c36400,  // Ceph
      0x5346414f,  // AFS
      0x7461636f,  // OCFS2
  };
  return std::find(remote.begin(), remote.end(), file_system) != remote.end();
}

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string leaf_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

Result<OpenFolder> walk(const OpenFolder& root, const std::string& path, bool make) {
  auto here = root.enter(".");
  for (std::size_t from = 0; here && from < path.size();) {
    const auto slash = std::min(path.find('/', from), path.size());
    const std::string name = path.substr(from, slash - from);
    here = make ? here->enter_or_make(name) : here->enter(name);
    from = slash + 1;
  }
  return here;
}

}  // namespace sampan::intake
