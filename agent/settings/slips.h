// SPDX-License-Identifier: Apache-2.0
// Slips: what a hand makes of YAML that YAML itself names badly: a full-width colon, no space after a colon, a quotation mark left open.
//
// A line that looks so may be meant: ask only about a file in which something is wrong.
#pragma once

#include <string>
#include <string_view>

#include "settings/settings.h"

namespace sampan::settings {

// In the order of the lines. name stands for the file.
Problems find_slips(std::string_view text, const std::string& name);
// What the YAML library says, as far as it says more than that something is wrong.
Words yaml_words(const std::string& message);

}  // namespace sampan::settings
