// SPDX-License-Identifier: Apache-2.0
// Suggest: what a person probably meant by an option that does not exist.
#pragma once

#include <string_view>

#include "settings/settings.h"

namespace sampan::settings {

// "expected port" when one option of the group is close to the word, otherwise "expected one of ...".
Words suggest(std::string_view group, std::string_view word);

}  // namespace sampan::settings
