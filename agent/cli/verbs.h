// SPDX-License-Identifier: Apache-2.0
// Verbs: the commands of `sampan`, as a table. No verb means the first one.
#pragma once

#include <span>
#include <string_view>

#include "cli/verb.h"

namespace sampan::cli {

std::span<const Verb> verb_table();
// Options that every verb takes.
std::span<const Option> common_options();
// nullptr when there is no such verb.
const Verb* find_verb(std::string_view word);

}  // namespace sampan::cli
