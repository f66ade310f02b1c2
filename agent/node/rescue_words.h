// SPDX-License-Identifier: Apache-2.0
// Rescue words: what a rescue found and did, for a person and for scripts. Pure.
#pragma once

#include <string>

#include "control/words.h"
#include "node/rescue.h"

namespace sampan::node {

std::string rescue_words(const Rescued& result, bool carried_somewhere, control::Lang lang);
// Tables of words: summary, owed, refused_there, reasons, contested, exams.
std::string rescue_json(const Rescued& result);
std::string progress_words(const RescueProgress& progress, control::Lang lang);

}  // namespace sampan::node
