// SPDX-License-Identifier: Apache-2.0
// Custody verbs: damage, what is stored here damaged or in doubt; drop, a destination that does not come back.
//
// Fails:   as ask.h; what was not confirmed is not done, exit_attention.
#pragma once

#include "cli/verb.h"
#include "control/custody.h"

namespace sampan::cli {

int run_damage(Session& session);
int run_drop(Session& session);

std::string show_damage(const control::DamageList& list, control::Lang lang);
std::string show_drop(const control::DropAnswer& drop, control::Lang lang);

}  // namespace sampan::cli
