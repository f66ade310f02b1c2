// SPDX-License-Identifier: Apache-2.0
// Queue view: what waits, destination by age, so that one look tells a short cut from a long one.
#pragma once

#include <string>

#include "control/node_status.h"
#include "control/words.h"

namespace sampan::cli {

std::string show_queue(const control::NodeStatus& status, control::Lang lang);

}  // namespace sampan::cli
