// SPDX-License-Identifier: Apache-2.0
// Verbs: the commands of `sampan`, as a table. No verb means the first one.
//
// Each verb asks the daemon, writes to `out`, and returns an exit code; errors go to `err`.
#pragma once

#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "control/words.h"

namespace sampan::cli {

struct Session {
  control::Lang lang = control::Lang::en;
  bool json = false;
  std::string socket;
  std::ostream& out;
  std::ostream& err;
};

struct Verb {
  std::string_view word;
  std::string_view en, zh;  // one sentence
  int (*run)(Session&);
};

std::span<const Verb> verb_table();

}  // namespace sampan::cli
