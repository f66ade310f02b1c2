// SPDX-License-Identifier: Apache-2.0
// Encoding: what an editor can do to a settings file before a parser sees it: GBK or UTF-16 bytes, tabs, NULs.
#pragma once

#include <string>
#include <string_view>

#include "settings/settings.h"

namespace sampan::settings {

// Every line with a tab in its indentation, and the first byte that is not UTF-8.
Problems check_encoding(std::string_view text, const std::string& name);

}  // namespace sampan::settings
