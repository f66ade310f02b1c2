// SPDX-License-Identifier: Apache-2.0
// Change: from the settings a node runs with to the next ones.
//
// Threads: any.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "settings/settings.h"

namespace sampan::settings {

struct HeldBack {
  std::vector<std::string> paths;  // of options whose new value waits for a restart, in the order of the table
  std::optional<Words> clash;      // the others do not go together with the old values of these
};

// A running node keeps where it stores, what it is called there and how it is reached (Option::restart); an address
// to listen on cannot be exchanged for another one of the same port. Those are set back in `next` to what runs.
HeldBack hold_back(const Settings& running, Settings& next);

// What came of reading the settings again.
struct ReloadReport {
  bool applied = false;
  Problems problems;                       // of the files; nothing was changed
  std::string failure;                     // the files are good, but cannot be put to work; nothing was changed
  std::vector<std::string> after_restart;  // applied, but for these
};

}  // namespace sampan::settings
