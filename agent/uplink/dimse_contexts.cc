// SPDX-License-Identifier: Apache-2.0
#include "uplink/dimse_contexts.h"

#include <algorithm>

namespace sampan::uplink {
namespace {

constexpr std::size_t uid_bytes_max = 64;

bool fits(const std::string& uid) { return !uid.empty() && uid.size() <= uid_bytes_max; }

void add(std::vector<ContextKey>& keys, const ContextKey& key) {
  if (keys.size() < contexts_max && std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
}

}  // namespace

ContextKey context_key(const core::Item& item) {
  return {std::string(item.facts.get(core::Fact::sop_class_uid)),
          std::string(item.facts.get(core::Fact::transfer_syntax_uid))};
}

bool can_be_proposed(const ContextKey& key) { return fits(key.sop_class) && fits(key.transfer_syntax); }

std::vector<ContextKey> RecentContexts::propose(std::span<const core::Consignment> wanted) {
  std::vector<ContextKey> keys;
  for (const core::Consignment& consignment : wanted) {
    const ContextKey key = context_key(consignment.item);
    if (can_be_proposed(key)) add(keys, key);
  }
  for (const ContextKey& key : recent_) add(keys, key);
  recent_ = keys;
  return keys;
}

}  // namespace sampan::uplink
