// SPDX-License-Identifier: Apache-2.0
// Reason words: why something was refused, waits or is on hold, in the words of the reader.
//
// The node stores and sends reasons in English, made of phrases of its own (policy/failure_table, uplink/, intake/, queue/) and
// of what a peer, a library or the system said. In Chinese the phrases are translated; what others said stands after it
// as they said it, in 「」. Part of the client half: stands on base alone.
// Threads: any.
// Fails:   never: what is not known here stays as it is.
#pragma once

#include <string>
#include <string_view>

#include "control/words.h"

namespace sampan::control {

// Why a modality is not called back; what a person does about it is looked up by it.
inline constexpr std::string_view no_report_address = "no address of it is in intake.report_to";

std::string reason_words(std::string_view reason, Lang lang);

}  // namespace sampan::control
