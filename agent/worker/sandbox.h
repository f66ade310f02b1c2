// SPDX-License-Identifier: Apache-2.0
// Sandbox: what is left to a process that reads foreign content: memory, arithmetic, and the descriptors it has already.
//
// No file, no socket, no other process, no new program, no code made at run time: a seccomp filter that kills at the first
// system call that is not on a list of a dozen. Beside it, limits on memory, processor time, descriptors, file size and core
// files. The filter is our own, some twenty instructions, because a list that short needs no library: none in the address
// space of the one process that is exposed, and none on the list of packages.
// Sanitizers reserve more memory than any limit allows and make calls of their own: in such a build those limits are wider.
// Fails:   what cannot be had -> Errc::io; whoever asked must not go on.
#pragma once

#include <cstdint>

#include "base/result.h"

namespace sampan::worker {

struct Bounds {
  std::uint64_t memory_bytes_max = 0;  // beyond what the process has when it enters
  unsigned processor_seconds_max = 0;
};

// For good: nothing leads out again.
Status enter_sandbox(const Bounds& bounds);

}  // namespace sampan::worker
