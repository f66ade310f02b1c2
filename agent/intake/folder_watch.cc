// SPDX-License-Identifier: Apache-2.0
#include "intake/folder_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/limits.h"

namespace sampan::intake {
namespace {

constexpr std::size_t events_bytes = 64u << 10;
constexpr std::uint32_t wanted = IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

Status FolderWatch::start() {
  wake_ = Descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (wake_.get() < 0) return fail(Errc::io, std::string("eventfd: ") + std::strerror(errno));
  mounts_ = Descriptor(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  inotify_ = Descriptor(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  return {};
}

bool FolderWatch::add(const std::string& path) {
  if (folders_.size() >= core::limits::folder_subfolders_max) return false;
  const std::string full = path.empty() ? root_ : root_ + "/" + path;
  const int id = ::inotify_add_watch(inotify_.get(), full.c_str(), wanted | (path.empty() ? 0u : IN_DONT_FOLLOW));
  if (id < 0) return false;
  folders_[id] = path;
  return true;
}

void FolderWatch::wait(std::optional<Millis> at_most, const Tell& tell) {
  pollfd asked[] = {{wake_.get(), POLLIN, 0}, {inotify_.get(), POLLIN, 0}, {mounts_.get(), POLLPRI, 0}};
  const auto longest = Millis(std::chrono::hours(24));
  const int timeout = at_most ? static_cast<int>(std::clamp(*at_most, Millis(0), longest).count()) : -1;
  if (::poll(asked, 3, timeout) <= 0) return;
  std::uint64_t count = 0;
  if ((asked[0].revents & POLLIN) != 0) static_cast<void>(!::read(wake_.get(), &count, sizeof count));
  if ((asked[1].revents & POLLIN) != 0) read_events(tell);
  if ((asked[2].revents & (POLLPRI | POLLERR)) != 0) tell({}, News::lost);
}

void FolderWatch::wake() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(wake_.get(), &one, sizeof one));
}

void FolderWatch::read_events(const Tell& tell) {
  alignas(inotify_event) char events[events_bytes];
  for (;;) {
    const auto bytes = ::read(inotify_.get(), events, sizeof events);
    if (bytes <= 0) return;
    for (const char* at = events; at < events + bytes;) {
      hear(at, tell);
      at += sizeof(inotify_event) + reinterpret_cast<const inotify_event*>(at)->len;
    }
  }
}

void FolderWatch::hear(const void* at, const Tell& tell) {
  const auto& event = *static_cast<const inotify_event*>(at);
  if ((event.mask & IN_Q_OVERFLOW) != 0) return tell({}, News::lost);
  const auto folder = folders_.find(event.wd);
  if (folder == folders_.end()) return;
  if ((event.mask & IN_IGNORED) != 0) {
    folders_.erase(folder);
    return;
  }
  if (event.len == 0) {
    if (folder->second.empty()) tell({}, News::lost);
    return;
  }
  // The name sits behind the event, padded with NULs.
  const std::string name = static_cast<const char*>(at) + sizeof(inotify_event);
  const std::string path = folder->second.empty() ? name : folder->second + "/" + name;
  if ((event.mask & IN_ISDIR) != 0) {
    if (!name.starts_with('.')) tell(path, News::folder);
    return;
  }
  tell(path, (event.mask & IN_CREATE) != 0 ? News::created : News::closed);
}

}  // namespace sampan::intake
