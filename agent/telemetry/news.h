// SPDX-License-Identifier: Apache-2.0
// News: what others saw happen, on its way to the rules. Values only.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"

namespace sampan::telemetry {

struct News {
  enum class What {
    caller_refused,     // subject: AE title; place: address; detail: called AE title; code as in the reject
    file_set_aside,     // subject: folder
    medium_incomplete,  // subject: folder; detail: how many files that its directory names did not come
    destination_up,     // subject: destination, of this and all that follow
    destination_down,
    destination_refuses,
    class_blocked,      // place: SOP class; detail: transfer syntax
    class_unblocked,
    item_rejected,
    item_lost,          // that was accepted, or archived, and is not there any more
    detour_begins,      // place: the fallback
    detour_ends,
    damage_seen,         // by a person (reason: who); detail: places
    destination_dropped  // the same; detail: images kept for nobody else, place: images given up
  };
  What what = What::destination_up;
  std::string subject, place, detail;
  std::string reason;
  std::uint16_t code = 0;
  WallTime time{};
  MonoTime mono{};
};

}  // namespace sampan::telemetry
