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
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return StateLock(fd);
  const int number = errno;
  ::close(fd);
  if (number == EWOULDBLOCK)
    return fail(Errc::duplicate, "another sampand uses the state directory " + state_directory);
  return fail(Errc::io, "flock " + path + ": " + std::strerror(number));
}

StateLock::StateLock(StateLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

StateLock::~StateLock() {
  if (fd_ >= 0) ::close(fd_);  // the file stays: its name means nothing, the lock on it does
}

}  // namespace sampan::daemon
