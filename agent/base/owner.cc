// SPDX-License-Identifier: Apache-2.0
#include "base/owner.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace sampan {
namespace {

namespace fs = std::filesystem;

std::string name_of(uid_t user) {
  const passwd* known = ::getpwuid(user);
  return known != nullptr ? known->pw_name : std::to_string(user);
}

}  // namespace

bool says_denied(std::string_view message) { return message.find(std::strerror(EACCES)) != std::string_view::npos; }

std::optional<Stranger> stranger_in(const std::string& directory) {
  std::error_code none;
  const auto look = [](const std::string& path) -> std::optional<Stranger> {
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0 || info.st_uid == ::geteuid()) return std::nullopt;
    return Stranger{path, name_of(info.st_uid), name_of(::geteuid())};
  };
  if (auto own = look(directory)) return own;
  for (fs::recursive_directory_iterator at(directory, fs::directory_options::skip_permission_denied, none), end; !none && at != end; at.increment(none))
    if (at->path().filename() == "lost+found")  // of the file system, where the directory is one of its own
      at.disable_recursion_pending();
    else if (auto found = look(at->path()))
      return found;
  return std::nullopt;
}

}  // namespace sampan
