// SPDX-License-Identifier: Apache-2.0
// Attention to folders: what a person should know of those that images come from. A part of assess().
//
// Pure.
#pragma once

#include <vector>

#include "control/node_status.h"

namespace sampan::control {

void look_at_folders(const NodeStatus& status, std::vector<Finding>& findings);

}  // namespace sampan::control
