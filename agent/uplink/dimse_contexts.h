// SPDX-License-Identifier: Apache-2.0
// Presentation contexts a courier proposes: what is wanted now, then what was wanted lately.
//
// Proposing the recent ones too keeps an association usable when a study of another kind follows.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/courier.h"

namespace sampan::uplink {

inline constexpr std::size_t contexts_max = 128;  // odd ids of one octet, PS3.8 9.3.2.2

// One context has one transfer syntax: what was accepted is then what the data set is in.
struct ContextKey {
  std::string sop_class;
  std::string transfer_syntax;
  friend bool operator==(const ContextKey&, const ContextKey&) = default;
};

ContextKey context_key(const core::Item& item);
// Both UIDs are there and short enough to be proposed at all.
bool can_be_proposed(const ContextKey& key);

class RecentContexts {
 public:
  // Distinct keys of wanted in order, then earlier ones while there is room; all are remembered as the latest.
  std::vector<ContextKey> propose(std::span<const core::Consignment> wanted);

 private:
  std::vector<ContextKey> recent_;  // latest first
};

}  // namespace sampan::uplink
