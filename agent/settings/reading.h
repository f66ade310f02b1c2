// SPDX-License-Identifier: Apache-2.0
// Reading: what all settings files say together, value by value, with the place of each.
//
// How several files become one: a group is the sum of what the files put into it; a list is continued by the next file,
// its numbering too; a single value stands in one place only, and the second place is a mistake that names the first.
// Threads: any.
// Fails:   every mistake is in `problems`; settings are of use only when there is none.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "settings/files.h"
#include "settings/options.h"

namespace sampan::settings {

// A value, list or group that a file names.
struct Entry {
  const Option* option = nullptr;
  std::string text;  // as the file writes it; empty for lists and groups
  Place place;       // of its name; of an element of a list: its own
};

struct Reading {
  Settings settings;                         // with what complete() fills in
  Problems problems;
  std::vector<std::string> files;            // those that were read, in order
  std::map<std::string, Entry> entries;      // by concrete path: "destinations[1].name"
  std::map<std::string, std::size_t> sizes;  // of lists: "destinations" -> 2
};

Reading read(const std::string& path);
Reading read_texts(const std::vector<File>& files);

}  // namespace sampan::settings
