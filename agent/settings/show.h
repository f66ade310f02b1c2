// SPDX-License-Identifier: Apache-2.0
// Show: the values a node would run with, each with where it comes from. Secrets are left out (value.h).
//
// As text it is a settings file again: what it says, loaded, are the same settings.
// Threads: any.
#pragma once

#include <string>
#include <vector>

#include "settings/reading.h"

namespace sampan::settings {

struct Shown {
  std::string path;    // "destinations[1].name"
  std::string value;
  std::string origin;  // "file:line:column", "default", or the other option whose value it is
};

// Every single value that holds, in the order of the table.
std::vector<Shown> effective(const Reading& reading);
// A file of them, with the origins as comments.
std::string show(const Reading& reading, Lang lang);

// What a check of the files says, in one or more lines, and whether it is good.
struct Checked {
  bool good = false;
  std::string text;
};
Checked checked(const Reading& reading, Lang lang);

}  // namespace sampan::settings
