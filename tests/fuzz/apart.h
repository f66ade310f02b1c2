// SPDX-License-Identifier: Apache-2.0
// Apart: work in a process of its own, for what may end the process, as a ledger that broke does. The edges it reaches count.
//
// Threads: one.
// Fails:   a process that cannot be made ends the program: it is no finding. Work that crashes is a finding here as well.
#pragma once

#include <functional>

namespace sampan::fuzz {

// How the process ended; 0 when the work came to its end.
int run_apart(const std::function<void()>& work);

}  // namespace sampan::fuzz
