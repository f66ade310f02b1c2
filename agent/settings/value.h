// SPDX-License-Identifier: Apache-2.0
// Value: turns one scalar of a settings file into what its option needs, or says why not.
//
// Threads: any.
// Fails:   text that breaks its format -> nothing; expected() then says in words what it should have been.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "settings/options.h"

namespace sampan::settings {

std::optional<Value> parse_value(const Option& option, std::string_view text);
// "a whole number from 0 to 65535"
Words expected(const Option& option);
// The text as a person may see it again: secrets, and the passwords and queries of addresses, are left out.
std::string shown(const Option& option, std::string_view text);

}  // namespace sampan::settings
