// SPDX-License-Identifier: Apache-2.0
// Check of addresses: none of a destination is that of this node, and what is secret goes to none in the clear.
//
// Only what the file itself shows: no name is looked up. A node that reaches itself by another way sees it then
// (dicom/implementation.h).
// Threads: any.
#pragma once

#include <string>

#include "settings/check.h"

namespace sampan::settings {

// path: of the destination.
void check_addresses(const Settings& settings, const Destination& destination, const std::string& path, const Complain& complain);

}  // namespace sampan::settings
