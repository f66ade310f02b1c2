// SPDX-License-Identifier: Apache-2.0
#include "settings/change.h"

#include <utility>

#include "settings/check.h"

namespace sampan::settings {
namespace {

void keep(const std::string& running, std::string& next, const char* path, HeldBack& held) {
  if (running == next) return;
  next = running;
  held.paths.emplace_back(path);
}

}  // namespace

HeldBack hold_back(const Settings& running, Settings& next) {
  HeldBack held;
  keep(running.site, next.site, "site", held);
  keep(running.state_directory, next.state_directory, "state_directory", held);
  const Intake& now = running.intake;
  if (now.enabled && next.intake.enabled && now.port == next.intake.port && now.port != 0)
    keep(now.listen, next.intake.listen, "intake.listen", held);
  keep(running.control_socket, next.control_socket, "control.socket", held);
  if (!held.paths.empty())
    check_folders(next, [&](const std::string& path, Words words) {
      if (!held.clash) held.clash = {path + ": " + words.en, path + "：" + words.zh};
    });
  return held;
}

}  // namespace sampan::settings
