// SPDX-License-Identifier: Apache-2.0
// Suggest: what a person probably meant by an option that does not exist.
#pragma once

#include <string>
#include <string_view>

namespace sampan::settings {

// "expected port" when one option of the group is close to the word, otherwise "expected one of ...".
std::string suggest(std::string_view group, std::string_view word);

}  // namespace sampan::settings
