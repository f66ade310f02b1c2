// SPDX-License-Identifier: Apache-2.0
// Swap: whether what this process has in memory can get to a disk.
//
// Threads: any.
// Fails:   never; what cannot be found out counts as possible.
#pragma once

#include <string>

namespace sampan {

// Some control group (v2) that holds this process, as own (/proc/self/cgroup) names it below groups, allows it no swap space.
bool is_kept_from_swap(const std::string& groups, const std::string& own);

// There is swap space on this machine, and this process may use it.
bool may_be_swapped();

}  // namespace sampan
