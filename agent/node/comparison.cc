// SPDX-License-Identifier: Apache-2.0
#include "node/comparison.h"

#include "base/log.h"
#include "worker/parsing.h"

namespace sampan::node {

using queue::Likeness;

namespace {

Likeness likeness_of(const Error& error) {
  switch (error.code) {
    case Errc::stopped: return Likeness::interrupted;
    case Errc::limit:
    case Errc::unreachable: log::warn("two images under one UID could not be compared: " + error.message); return Likeness::broke_off;
    default: return Likeness::other;  // what cannot be read is not the same: both are kept, and a person looks
  }
}

}  // namespace

Likeness compare(worker::Worker& worker, const core::Consignment& one, const core::Consignment& other) {
  if (one.item.facts.get(core::Fact::sop_class_uid) != other.item.facts.get(core::Fact::sop_class_uid)) return Likeness::other;
  const auto digest = [&worker](const core::Consignment& each) {
    return worker::canonical_digest(worker, each.item.facts.get(core::Fact::transfer_syntax_uid), *each.payload);
  };
  const auto first = digest(one);
  if (!first) return likeness_of(first.error());
  const auto second = digest(other);
  if (!second) return likeness_of(second.error());
  return *first == *second ? Likeness::same : Likeness::other;
}

int run_worker() { return worker::serve_parsing(); }

}  // namespace sampan::node
