// SPDX-License-Identifier: Apache-2.0
// Order view: what became of hold, resume, resend and push, in words: what moved, what did not, and what to do about it.
#pragma once

#include <string>

#include "control/exam.h"
#include "control/words.h"

namespace sampan::cli {

enum class Order { hold, resume, resend, push };

// exam and to: as the person gave them; an empty to: all destinations.
std::string show_ordered(Order order, const control::Ordered& done, const std::string& exam, const std::string& to, control::Lang lang);
// True when not all of what was ordered could be done.
bool fell_short(Order order, const control::Ordered& done);

}  // namespace sampan::cli
