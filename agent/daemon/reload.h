// SPDX-License-Identifier: Apache-2.0
// Reload: reads the settings again and hands them to the service, whoever asks: a signal or the command.
//
// The manager hears RELOADING=1 and READY=1 around it, and in its status line what came of it; the log says every mistake.
// Threads: any; one reload at a time.
// Fails:   settings are wrong, or cannot be put to work -> the report says so, and the service goes on as it was.
#pragma once

#include <functional>
#include <mutex>
#include <string>

#include "daemon/notify.h"
#include "settings/change.h"

namespace sampan::daemon {

class Reload {
 public:
  // Puts valid settings to work.
  using Apply = std::function<settings::ReloadReport(settings::Settings)>;

  // state: stands for the state directory of the settings, when it is not empty.
  Reload(std::string path, std::string state, const Notifier& notifier, Apply apply)
      : path_(std::move(path)), state_(std::move(state)), notifier_(notifier), apply_(std::move(apply)) {}

  settings::ReloadReport operator()();

 private:
  settings::ReloadReport read_and_apply();

  const std::string path_, state_;
  const Notifier& notifier_;
  const Apply apply_;
  std::mutex mutex_;
};

// The level of the settings' word.
void set_log_level(const settings::Settings& settings);

}  // namespace sampan::daemon
