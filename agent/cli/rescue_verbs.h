// SPDX-License-Identifier: Apache-2.0
// Rescue verb: an orphaned state directory, opened on another machine. The work is the daemon's program (`sampand --rescue`),
// which stands beside this one and takes its place; no daemon runs.
#pragma once

#include "cli/verb.h"

namespace sampan::cli {

int run_rescue(Session& session);

}  // namespace sampan::cli
