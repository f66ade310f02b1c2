// SPDX-License-Identifier: Apache-2.0
// ProofView: what is known of the proof that destinations give, as status and telemetry both tell it. Values only.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "core/prover.h"
#include "settings/settings.h"

namespace sampan::node {

struct ProofView {
  std::map<std::string, core::ProofWay> ways;  // of those that are asked
  std::set<std::string> unproven_long;         // of those, who has not proven for a day
  std::map<std::string, std::uint64_t> lost_often, not_committed;
  std::set<std::string> nodes;  // in the hands of which, nodes of this program, something is that they have not proven
};

// Who is asked: the others are taken at their word, or never prove anything.
inline bool can_prove(const settings::Destination& destination) {
  return destination.proof != settings::ProofBy::none && (destination.dimse || !destination.stow.empty());
}

// Whom a person chose not to ask.
inline bool proves_nothing(const settings::Destination& destination) {
  return destination.proof == settings::ProofBy::none && (destination.dimse || !destination.stow.empty());
}

}  // namespace sampan::node
