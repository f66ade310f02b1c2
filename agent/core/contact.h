// SPDX-License-Identifier: Apache-2.0
// Contact: asks a destination whether it is there, when nothing is to be carried that would tell.
//
// ask() asks once, in as few bytes as the service itself needs to answer, and waits no longer than limits::contact_answer_time_max.
// It says nothing of images: one that answers may still take none. It never loops, sleeps or decides to ask again.
// Threads: one at a time; interrupt() from any thread, after which it is at its end.
#pragma once

#include <optional>

#include "core/outcome.h"

namespace sampan::core {

class Contact {
 public:
  virtual ~Contact() = default;
  // Nothing: it is there.
  virtual std::optional<Retry> ask() = 0;
  virtual void interrupt() = 0;
};

}  // namespace sampan::core
