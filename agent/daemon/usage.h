// SPDX-License-Identifier: Apache-2.0
// Usage: what the arguments and exit codes of `sampand` mean: its help, and the page sampand(8) in mdoc(7).
#pragma once

#include <string>

#include "settings/settings.h"

namespace sampan::daemon {

std::string help();
std::string manual(settings::Lang lang);

}  // namespace sampan::daemon
