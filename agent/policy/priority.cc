// SPDX-License-Identifier: Apache-2.0
#include "policy/priority.h"

namespace sampan::policy {

core::Priority priority_of(const core::Facts& facts, const PriorityByTitle& by_called_ae) {
  const auto found = by_called_ae.find(facts.get(core::Fact::called_ae));
  return found == by_called_ae.end() ? core::Priority::routine : found->second;
}

}  // namespace sampan::policy
