// SPDX-License-Identifier: Apache-2.0
// Help: the pages that explain `sampan`, made from the table of verbs.
#pragma once

#include <span>
#include <string>

#include "cli/verb.h"

namespace sampan::cli {

struct ExitWords {
  int code;
  const char *zh, *en;
};
std::span<const ExitWords> exit_words();
// "sampan push STUDY [--to DESTINATION]"
std::string usage_of(const Verb& verb);
std::string show_help(control::Lang lang);
std::string show_help(const Verb& verb, control::Lang lang);
int run_help(Session& session);

}  // namespace sampan::cli
