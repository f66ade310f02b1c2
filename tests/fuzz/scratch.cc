// SPDX-License-Identifier: Apache-2.0
#include "fuzz/scratch.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "fuzz/target.h"

namespace sampan::fuzz {
namespace {

class Folder {
 public:
  Folder() {
    const char* const chosen = std::getenv("TMPDIR");
    name = std::string(chosen != nullptr ? chosen : ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") + "/sampan-fuzz-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) cannot(name.c_str());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(name, ignored);
  }
  Folder(const Folder&) = delete;
  std::string name;
};

}  // namespace

const std::string& scratch_folder() {
  static const Folder folder;
  return folder.name;
}

void write_file(const std::string& path, ByteView bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = fd >= 0 && ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  if (!written) cannot(path.c_str());
  ::close(fd);
}

}  // namespace sampan::fuzz
