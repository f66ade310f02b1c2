// SPDX-License-Identifier: Apache-2.0
#include "http/unix_listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace sampan::http {
namespace {

constexpr int backlog = 128;  // a burst of callers, who are told "try again" beyond it

Error from_errno(const char* call, const std::string& path) {
  return fail(Errc::io, std::string(call) + " " + path + ": " + std::strerror(errno));
}

int new_socket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

template <class Call>
int with_address(const std::string& path, Call call) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return call(reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(sizeof address));
}

int bind_to(int fd, const std::string& path) {
  return with_address(path, [fd](const sockaddr* to, socklen_t size) { return ::bind(fd, to, size); });
}

// Removes a name that nobody listens on any more.
Status remove_stale(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return from_errno("lstat", path);
  if (!S_ISSOCK(info.st_mode)) return fail(Errc::io, path + ": exists and is not a socket");
  const int probe = new_socket();
  if (probe < 0) return from_errno("socket", path);
  const int failed =
      with_address(path, [probe](const sockaddr* to, socklen_t size) { return ::connect(probe, to, size); });
  const int number = errno;
  ::close(probe);
  // EAGAIN: alive, with a full backlog.
  if (failed == 0 || number == EAGAIN) return fail(Errc::duplicate, path + ": another process listens there");
  errno = number;
  if (number != ECONNREFUSED) return from_errno("connect", path);
  if (::unlink(path.c_str()) != 0) return from_errno("unlink", path);
  return {};
}

Status make_folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return {};
  const std::string folder = path.substr(0, slash);
  if (::mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST) return from_errno("mkdir", folder);
  return {};
}

Status bind_and_listen(int fd, const std::string& path) {
  if (bind_to(fd, path) != 0) {
    if (errno != EADDRINUSE) return from_errno("bind", path);
    if (Status removed = remove_stale(path); !removed) return removed;
    if (bind_to(fd, path) != 0) return from_errno("bind", path);
  }
  // Nobody can connect before listen(), so there is no moment with another mode.
  if (::chmod(path.c_str(), 0660) != 0) return from_errno("chmod", path);
  if (::listen(fd, backlog) != 0) return from_errno("listen", path);
  return {};
}

}  // namespace

Result<UnixListener> UnixListener::open(const std::string& path) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path))
    return fail(Errc::invalid, path + ": not a path of 1 to 107 bytes");
  if (Status made = make_folder_of(path); !made) return made.error();
  const int fd = new_socket();
  if (fd < 0) return from_errno("socket", path);
  if (Status listening = bind_and_listen(fd, path); !listening) {
    ::close(fd);
    return listening.error();
  }
  return UnixListener(fd, path);
}

UnixListener::UnixListener(UnixListener&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)) {}

UnixListener::~UnixListener() {
  if (fd_ < 0) return;
  ::unlink(path_.c_str());
  ::close(fd_);
}

}  // namespace sampan::http
