// SPDX-License-Identifier: Apache-2.0
// Check of the last hop: what is changed for a destination, and how it is called.
//
// Threads: any.
#pragma once

#include <string>

#include "settings/check.h"

namespace sampan::settings {

// path: of the destination.
void check_last_hop(const Destination& destination, const std::string& path, const Given& given, const Complain& complain);

}  // namespace sampan::settings
