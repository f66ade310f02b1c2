// SPDX-License-Identifier: Apache-2.0
// Turn: whose turn it is in a conversation between a target and a peer that answers it from a thread of its own. A peer which hears
// nothing more goes on as soon as the target waits for it, and not after a time that must do for the busiest machine.
//
// Threads: mine() from the one that runs the target; the others from that of the peer.
// Fails:   where the kernel does not say what a thread does, it counts as waiting.
#pragma once

#include <poll.h>

#include <atomic>
#include <span>

namespace sampan::fuzz {

class Turn {
 public:
  // The calling thread runs the target.
  void mine() noexcept;
  // Until one of these can be read, or the target waits for something while none can: then false. forever: only until one can.
  bool comes(std::span<pollfd> doors, bool forever) const;

 private:
  bool target_waits() const;
  std::atomic<int> thread_{0};
};

}  // namespace sampan::fuzz
