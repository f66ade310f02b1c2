// SPDX-License-Identifier: Apache-2.0
// Lacking: what an image that is here is not owed yet, of what is owed of the same image that came again.
//
// Threads: that of the connection it asks.
// Fails:   a ledger that does not answer -> everything is lacking.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/item.h"
#include "queue/record.h"
#include "queue/sql.h"

namespace sampan::queue {

struct Lack {
  std::vector<std::string> destinations;  // it has no duty to them, done or not
  bool haste = false;  // it waits for somebody in a lower class than this one, and no person ordered its class

  explicit operator bool() const { return haste || !destinations.empty(); }
};

class Lacking {
 public:
  Lacking() = default;
  explicit Lacking(Sql& sql);
  Lack of(Sequence item, std::span<const std::string> owed, core::Priority priority);

 private:
  bool is_ordered(std::int64_t exam);
  Statement duties_, order_;
};

}  // namespace sampan::queue
