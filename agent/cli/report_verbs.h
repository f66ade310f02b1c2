// SPDX-License-Identifier: Apache-2.0
// Report verbs: how the node is, what waits, which version runs.
#pragma once

#include "cli/verb.h"

namespace sampan::cli {

int run_status(Session& session);
int run_queue(Session& session);
// Our own version is told even when the daemon cannot be asked.
int run_version(Session& session);

}  // namespace sampan::cli
