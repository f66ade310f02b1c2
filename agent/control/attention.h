// SPDX-License-Identifier: Apache-2.0
// Attention: the one place that decides whether a node is well, and says what to do when it is not.
//
// Pure: a status in, findings out, worst first; the same status always gives the same words.
#pragma once

#include <vector>

#include "control/node_status.h"

namespace sampan::control {

std::vector<Finding> assess(const NodeStatus& status);
// The worst of the findings; good when there are none.
Verdict overall(const std::vector<Finding>& findings);

}  // namespace sampan::control
