// SPDX-License-Identifier: Apache-2.0
// Options: the one table of everything a settings file may hold. It drives parsing, checking and the reference.
//
// In a path a dot enters a group and [] stands for each element of a list.
// Threads: any; the table is constant.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "settings/settings.h"

namespace sampan::settings {

enum class Kind {
  group,         // a map of options
  list,          // a list; its elements are the row of the same path with []
  text,          // least..most bytes without control characters
  name,          // an identifier a person chooses
  ae_title,      // PS3.5 value representation AE
  integer,       // least..most
  boolean,       // true or false
  choice,        // one of `choices`
  path,          // absolute, at most `most` bytes
  ip_address,    // numeric
  uid,           // PS3.5 9.1
  hours,         // a time of day to another, HH:MM-HH:MM
  url,           // http or https, without a user name; at most `most` bytes
  dimse_address  // AE@host:port
};

// A scalar of the file, understood.
struct Value {
  std::string text;
  std::int64_t number = 0;  // of a boolean: 1 or 0
  DimseAddress dimse{};
  Hours hours{};
};

struct Option {
  std::string_view path{};
  Kind kind = Kind::group;
  std::string_view initial{};  // as it would be written in a file; empty: none
  std::string_view from{};     // without it, the value of this other option holds (complete() in check.h does it)
  bool required = false;       // within its group
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::string_view choices{};   // parted by |
  std::string_view en{}, zh{};  // one sentence each
  bool secret = false;          // never shown back
  bool restart = false;         // a running node takes a new value at its next start
  // Stores into the settings; an element of a list is the last one there. For [] rows: appends an element first.
  void (*set)(Settings&, const Value&) = nullptr;
};

std::span<const Option> option_table();
// Null when there is no such option.
const Option* find_option(std::string_view path);
// "site" is a child of "", "intake.port" of "intake", "destinations[].name" of "destinations[]".
bool is_child(std::string_view path, std::string_view group);
// The last part of a path: "port".
std::string_view leaf(std::string_view path);

}  // namespace sampan::settings
