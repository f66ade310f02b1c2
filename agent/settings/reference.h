// SPDX-License-Identifier: Apache-2.0
// Reference: every option and every fixed limit, from the tables: as text for a terminal, as the manual page
// sampan.yaml(5) in mdoc(7), and as a sample file with all of it commented out.
//
// Threads: any.
#pragma once

#include <string>
#include <vector>

#include "settings/options.h"

namespace sampan::settings {

// What a row of the table says to a person.
struct Described {
  std::string path, type, initial, notes, words;
};
Described describe(const Option& option, Lang lang);
// Of each limit: its name as path, its value as initial.
std::vector<Described> fixed_limits(Lang lang);

std::string reference(Lang lang);
std::string manual(Lang lang);
// Loads as it is; a line less its '#' is an option with its initial value, or an example of one.
std::string full_sample();

}  // namespace sampan::settings
