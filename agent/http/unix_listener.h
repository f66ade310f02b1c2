// SPDX-License-Identifier: Apache-2.0
// Unix listener: a listening unix socket with a name in the file system that only its owner and group may use.
//
// A name left behind by a dead process is replaced; the name of a living one is not, and neither is any other file.
// Fails:   somebody listens there -> Errc::duplicate; path too long -> Errc::invalid; anything else -> Errc::io.
#pragma once

#include <string>

#include "base/result.h"

namespace sampan::http {

class UnixListener {
 public:
  static Result<UnixListener> open(const std::string& path);
  ~UnixListener();  // closes, and removes the name
  UnixListener(UnixListener&& other) noexcept;
  UnixListener& operator=(UnixListener&&) = delete;

  int fd() const { return fd_; }

 private:
  UnixListener(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_;
  std::string path_;
};

}  // namespace sampan::http
