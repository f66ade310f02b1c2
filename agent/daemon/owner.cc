// SPDX-License-Identifier: Apache-2.0
#include "daemon/owner.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

namespace sampan::daemon {
namespace {

namespace fs = std::filesystem;

std::string name_of(uid_t user) {
  const passwd* known = ::getpwuid(user);
  return known != nullptr ? known->pw_name : std::to_string(user);
}

// Of the first file that belongs to somebody else.
std::optional<std::pair<std::string, uid_t>> stranger_in(const std::string& directory) {
  std::error_code none;
  const auto look = [](const std::string& path) -> std::optional<std::pair<std::string, uid_t>> {
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0 || info.st_uid == ::geteuid()) return std::nullopt;
    return std::pair(path, info.st_uid);
  };
  if (auto own = look(directory)) return own;
  for (fs::recursive_directory_iterator at(directory, fs::directory_options::skip_permission_denied, none), end; !none && at != end; at.increment(none))
    if (auto found = look(at->path())) return found;
  return std::nullopt;
}

}  // namespace

std::optional<OwnerRemedy> owner_remedy(const std::string& state_directory) {
  const auto found = stranger_in(state_directory);
  if (!found) return std::nullopt;
  const std::string own = name_of(::geteuid()), command = "sudo chown -R " + own + ": " + state_directory;
  return OwnerRemedy{found->first + " belongs to " + name_of(found->second) + ", and this program runs as " + own + "; give it all back: " + command,
                     found->first + " 属于用户 " + name_of(found->second) + "，而本程序以 " + own + " 运行；请执行：" + command};
}

}  // namespace sampan::daemon
