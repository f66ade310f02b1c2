// SPDX-License-Identifier: Apache-2.0
#include "uplink/folder_share.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <functional>
#include <utility>

namespace sampan::uplink {
namespace {

constexpr mode_t for_files = 0666, for_folders = 02777, for_people = 02770;

class Opened {
 public:
  explicit Opened(int fd) : fd_(fd) {}
  Opened(Opened&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Opened& operator=(Opened&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Opened() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

void share(int fd, const struct stat& agreed, mode_t at_most) {
  static_cast<void>(!::fchown(fd, static_cast<uid_t>(-1), agreed.st_gid));
  const mode_t mode = agreed.st_mode & at_most;
  // The unit lets nobody set S_ISGID (RestrictSUIDSGID=).
  if (::fchmod(fd, mode) != 0) static_cast<void>(!::fchmod(fd, mode & 0777));
}

// Each folder from below root down to directory, opened one in the other; what is not there ends it.
Status descend(const std::string& root, const std::string& directory, const std::function<void(int root, int fd)>& each) {
  const Opened top(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (top.get() < 0) return {};
  Opened here(::dup(top.get()));
  for (const auto& name : std::filesystem::path(directory.substr(root.size())).relative_path()) {
    Opened next(::openat(here.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (next.get() < 0 && (errno == ELOOP || errno == ENOTDIR))
      return fail(Errc::invalid, "a link or a file is in the place of a folder, and nothing is written through it");
    if (next.get() < 0) return {};
    here = std::move(next);
    each(top.get(), here.get());
  }
  return {};
}

}  // namespace

Status has_no_links(const std::string& root, const std::string& directory) {
  return descend(root, directory, [](int, int) {});
}

Status share_folders(const std::string& root, const std::string& directory) {
  return descend(root, directory, [](int top, int fd) {
    struct stat agreed{};
    if (::fstat(top, &agreed) == 0) share(fd, agreed, for_folders);
  });
}

void share_root(const std::string& root) {
  struct stat agreed{};
  const Opened made(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (made.get() >= 0 && ::stat(std::filesystem::path(root).parent_path().c_str(), &agreed) == 0) share(made.get(), agreed, for_people);
}

void share_file(const std::string& path, const std::string& root) {
  struct stat agreed{};
  const Opened file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.get() >= 0 && ::stat(root.c_str(), &agreed) == 0) share(file.get(), agreed, for_files);
}

}  // namespace sampan::uplink
