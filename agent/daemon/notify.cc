// SPDX-License-Identifier: Apache-2.0
#include "daemon/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace sampan::daemon {
namespace {

std::optional<std::int64_t> number(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || value <= 0) return {};
  return value;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Notifier::Manager Notifier::from_environment() {
  return {variable("NOTIFY_SOCKET"), variable("WATCHDOG_USEC"), variable("WATCHDOG_PID")};
}

Notifier::Notifier(Manager manager) : manager_(std::move(manager)) {
  const auto usec = number(manager_.watchdog_usec);
  // Another process may be the one that is watched.
  const bool ours = manager_.watchdog_pid.empty() || number(manager_.watchdog_pid) == ::getpid();
  if (usec && ours) watchdog_every_ = std::max(Millis(*usec / 2000), Millis(1));
  if (!manager_.socket.empty()) fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

Notifier::~Notifier() {
  if (fd_ >= 0) ::close(fd_);
}

void Notifier::tell(std::string_view state) const {
  sockaddr_un address{};
  if (fd_ < 0 || manager_.socket.size() >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, manager_.socket.data(), manager_.socket.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace of unix(7)
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + manager_.socket.size());
  static_cast<void>(
      ::sendto(fd_, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), size));
}

}  // namespace sampan::daemon
