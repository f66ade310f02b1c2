// SPDX-License-Identifier: Apache-2.0
// Ended: what the service manager could not do before sampand ran, in plain words; the unit asks after each end (ExecStopPost=).
//
// Threads: any.
// Fails:   never.
#pragma once

#include <optional>

#include "settings/start_note.h"

namespace sampan::daemon {

// status: EXIT_STATUS of systemd.exec(5), or null. None where sampand itself has spoken.
std::optional<settings::StartNote> after_the_end(const char* status);

}  // namespace sampan::daemon
