// SPDX-License-Identifier: Apache-2.0
// Loop picture: what the event loop tells of the destinations; where it does not answer in time, what it told last, and its age.
//
// Everything it tells of stays the loop's own: it is looked at on the loop's thread, and copied. However many ask, one question at
// most lies with a loop that does not answer.
// Threads: any, but the loop's.
// Fails:   never; of a loop that never answered, or does not run, there is an empty picture.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/prover.h"
#include "node/loop.h"
#include "scheduler/snapshot.h"

namespace sampan::node {

struct ToldByLoop {
  std::vector<scheduler::DestinationSnapshot> destinations;
  std::map<std::string, core::ProofWay> ways;  // of those that are asked for proof
};

class LoopPicture {
 public:
  // look: on the loop's thread. What it uses outlives the loop's running.
  LoopPicture(Loop& loop, const Clock& clock, std::function<ToldByLoop()> look);

  struct Picture : ToldByLoop {
    std::optional<Millis> age;  // nothing: it is of now
  };
  Picture take(Millis patience);

 private:
  struct Shared;
  Loop& loop_;
  const Clock& clock_;
  const std::shared_ptr<Shared> shared_;  // with what was asked of a loop that answers later than we are there
};

}  // namespace sampan::node
