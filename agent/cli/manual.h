// SPDX-License-Identifier: Apache-2.0
// Manual: the page sampan(1) in mdoc(7), made from the table of verbs.
#pragma once

#include <string>

#include "control/words.h"

namespace sampan::cli {

std::string manual(control::Lang lang);

}  // namespace sampan::cli
