// SPDX-License-Identifier: Apache-2.0
// Start note: why the last start of the daemon failed, in a file beside the control socket, for those who find nobody there.
//
// Both languages, no patient data. It goes when a start succeeds. The folder is the service manager's to make. Readable by those who may talk to the daemon (0640).
// Threads: any.   Owns: <control socket>.why
// Fails:   never: a note that cannot be left or read is one that is not there; the journal has the same words.
#pragma once

#include <optional>
#include <string>

namespace sampan::settings {

struct StartNote {
  std::string en, zh;  // one or more lines each, without an empty one; no line end at the end
};

void leave_start_note(const std::string& control_socket, const StartNote& note);
void erase_start_note(const std::string& control_socket);
std::optional<StartNote> start_note_of(const std::string& control_socket);

}  // namespace sampan::settings
