// SPDX-License-Identifier: Apache-2.0
// App: `sampan` from its arguments to its exit code, without the process around it.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

#include "control/words.h"

namespace sampan::cli {

// What the program takes from its surroundings; a missing variable is empty.
using Variable = std::function<std::string(const char* name)>;

// Chinese when the first of LC_ALL, LC_MESSAGES and LANG that is set begins with zh, otherwise English.
control::Lang system_language(const Variable& variable);

// arguments without the program's own name.
int run(std::vector<std::string> arguments, const Variable& variable, std::ostream& out, std::ostream& err);

}  // namespace sampan::cli
