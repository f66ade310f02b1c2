// SPDX-License-Identifier: Apache-2.0
#include "policy/routing.h"

namespace sampan::policy {
namespace {

bool takes(const Route& route, core::Kind kind, const core::Facts&) { return route.takes.contains(kind); }

}  // namespace

std::vector<Owed> route(core::Kind kind, const core::Facts& facts, std::span<const Route> routes) {
  std::vector<Owed> owed;
  for (const Route& candidate : routes) {
    if (takes(candidate, kind, facts)) owed.push_back({candidate.destination, candidate.required});
  }
  return owed;
}

}  // namespace sampan::policy
