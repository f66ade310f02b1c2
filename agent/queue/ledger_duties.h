// SPDX-License-Identifier: Apache-2.0
// Ledger duties: a delivery about to be opened, and what a person ordered of its exam; private to the ledger's sources.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "queue/ledger.h"

namespace sampan::queue {

// Of an item a person must look at first; empty: of any other.
inline std::string_view why_held(std::string_view reason) {
  for (const auto known : {content_differs, content_breaks, content_unread})
    if (reason == known) return known;
  return {};
}

struct Ledger::Duty {
  Sequence seq = 0;
  std::int64_t exam = 0;
  core::Kind kind = core::Kind::image;
  core::Priority priority = core::Priority::routine;
  std::int64_t study_order = 0;
  std::int64_t class_key = 0;
  std::int64_t size = 0;
  std::int64_t received_ms = 0;
  std::string_view differs;  // why a person must look first: it is not the earlier image of its SOP Instance UID; empty: no need
  bool rebuilt = false;
};

struct Ledger::ExamOrders {
  std::map<int, bool> held;  // by destination; 0: all that are not named
  std::set<int> owed;
  std::optional<core::Priority> priority;

  bool holds(int destination) const {
    auto found = held.find(destination);
    if (found == held.end()) found = held.find(0);
    return found != held.end() && found->second;
  }
};

}  // namespace sampan::queue
