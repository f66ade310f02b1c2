// SPDX-License-Identifier: Apache-2.0
// Reporter: what the API needs from the node to say how it is.
//
// Threads: called from the HTTP server's thread, which everybody waits for: it waits for nobody long.
#pragma once

#include "control/node_status.h"

namespace sampan::control {

class Reporter {
 public:
  virtual ~Reporter() = default;
  // verdict and attention are left empty.
  virtual NodeStatus status() = 0;
};

}  // namespace sampan::control
