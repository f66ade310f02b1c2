// SPDX-License-Identifier: Apache-2.0
// Key verbs: how the keys are kept, a recovery key for a person to keep, a new key for what comes.
#pragma once

#include "cli/verb.h"

namespace sampan::cli {

int run_key(Session& session);

}  // namespace sampan::cli
