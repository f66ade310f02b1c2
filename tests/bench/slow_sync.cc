// SPDX-License-Identifier: Apache-2.0
// slow_sync.so: preloaded into a program, it makes each of its syncs take SLOW_SYNC_MS longer, and one wait for the other, as a
// disk does that flushes its cache once at a time.
#include <dlfcn.h>

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <thread>

namespace {

std::chrono::milliseconds delay() {
  const char* said = std::getenv("SLOW_SYNC_MS");
  return std::chrono::milliseconds(said == nullptr ? 0 : std::atoi(said));
}

int slowly(const char* call, int fd) {
  static std::mutex disk;
  const std::lock_guard turn(disk);
  std::this_thread::sleep_for(delay());
  return reinterpret_cast<int (*)(int)>(::dlsym(RTLD_NEXT, call))(fd);
}

}  // namespace

extern "C" {
int fsync(int fd) { return slowly("fsync", fd); }
int fdatasync(int fd) { return slowly("fdatasync", fd); }
int syncfs(int fd) { return slowly("syncfs", fd); }
}
