// SPDX-License-Identifier: Apache-2.0
// Settings verbs: `config` reads the files itself, without a daemon; `reload` has the daemon read them again.
#pragma once

#include <span>

#include "cli/verb.h"

namespace sampan::cli {

// exit_good: all of it is at work; exit_attention: but for what takes a restart; exit_failure: refused, nothing changed.
int run_reload(Session& session);
// exit_good; exit_failure: there are mistakes, and every one was told.
int run_config(Session& session);

}  // namespace sampan::cli
