// SPDX-License-Identifier: Apache-2.0
// Routing: which destinations an item is owed to.
//
// First cut: every destination that takes this kind of cargo. The facts are part of the question already, so that
// rules on them change this module only. An empty answer is allowed: the item waits and an alarm says so.
#pragma once

#include <set>
#include <span>
#include <string>
#include <vector>

#include "core/facts.h"
#include "core/item.h"

namespace sampan::policy {

struct Route {
  std::string destination;
  bool required = true;  // the payload stays until this one has it
  std::set<core::Kind> takes{core::Kind::image};
};

struct Owed {
  std::string destination;
  bool required = true;
  friend bool operator==(const Owed&, const Owed&) = default;
};

// In the order of the routes.
std::vector<Owed> route(core::Kind kind, const core::Facts& facts, std::span<const Route> routes);

}  // namespace sampan::policy
