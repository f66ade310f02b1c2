// SPDX-License-Identifier: Apache-2.0
// State lock: one daemon per state directory, for as long as the value lives; the kernel lets go when we die.
//
// Fails:   another process has it -> Errc::duplicate, naming the directory; anything else -> Errc::io.
#pragma once

#include <string>

#include "base/result.h"

namespace sampan::daemon {

class StateLock {
 public:
  // Makes the directory when it is missing.
  static Result<StateLock> take(const std::string& state_directory);
  ~StateLock();
  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&&) = delete;

 private:
  StateLock(int fd, int folder) : fd_(fd), folder_(folder) {}
  int fd_, folder_;
};

}  // namespace sampan::daemon
