// SPDX-License-Identifier: Apache-2.0
// Unread: the fact that nobody looked into a data set, because looking ended the program again and again; its value is "1".
//
// One of facts.h, with a number of its own there; apart, because only who takes such an image and who holds it need it.
#pragma once

#include "core/facts.h"

namespace sampan::core {

inline constexpr Fact fact_unread = static_cast<Fact>(24);

}  // namespace sampan::core
