// SPDX-License-Identifier: Apache-2.0
#include "fuzz/turn.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

namespace sampan::fuzz {
namespace {

constexpr int glance_ms = 1;

}  // namespace

void Turn::mine() noexcept { thread_ = ::gettid(); }

bool Turn::comes(std::span<pollfd> doors, bool forever) const {
  for (;;) {
    const int ready = ::poll(doors.data(), doors.size(), forever ? -1 : glance_ms);
    if (ready > 0) return true;
    // What it said before it began to wait is there by now.
    if (ready == 0 && target_waits()) return ::poll(doors.data(), doors.size(), 0) > 0;
  }
}

// Its state stands behind its name, which may have brackets of its own (proc(5)).
bool Turn::target_waits() const {
  const std::string path = "/proc/self/task/" + std::to_string(thread_) + "/stat";
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  std::array<char, 128> some;
  const ssize_t got = fd < 0 ? 0 : ::read(fd, some.data(), some.size());
  if (fd >= 0) ::close(fd);
  const std::string_view said(some.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  const auto name_end = said.rfind(')');
  return name_end == said.npos || said.substr(name_end).starts_with(") S");
}

}  // namespace sampan::fuzz
