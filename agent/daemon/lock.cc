// SPDX-License-Identifier: Apache-2.0
#include "daemon/lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"

namespace sampan::daemon {

Result<StateLock> StateLock::take(const std::string& state_directory) {
  if (Status made = disk().make_directories(state_directory); !made) return made.error();
  const std::string path = state_directory + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail(Errc::io, "open " + path + ": " + std::strerror(errno));
  StateLock lock(fd, ::open(state_directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const auto is_taken = [](int one) { return ::flock(one, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; };
  // Whoever takes the file for one that a dead daemon left removes it, and the next one is another file. The directory stays; some
  // file systems of a network lock no directories, and there the file is all.
  if (is_taken(lock.fd_) || is_taken(lock.folder_)) return fail(Errc::duplicate, "another sampand uses the state directory " + state_directory);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) return fail(Errc::io, "flock " + path + ": " + std::strerror(errno));
  return lock;
}

StateLock::StateLock(StateLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)), folder_(std::exchange(other.folder_, -1)) {}

StateLock::~StateLock() {
  for (const int fd : {fd_, folder_})
    if (fd >= 0) ::close(fd);  // the file stays: its name means nothing, the lock on it does
}

}  // namespace sampan::daemon
