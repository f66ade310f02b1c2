// SPDX-License-Identifier: Apache-2.0
// Named files: whether the certificates, keys and secrets that settings name are there and are what they should be.
//
// For one who asks before a start; a start itself goes on without them, for custody needs none. A file that may not be opened is
// not judged: who asks may be another than the one who will read it.
#pragma once

#include "settings/reading.h"

namespace sampan::settings {

// Adds a problem for each that is missing or something else.
void check_named_files(Reading& reading);

}  // namespace sampan::settings
