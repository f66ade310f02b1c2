// SPDX-License-Identifier: Apache-2.0
// What the tests of the provers share: images of one series, one question about them, and what was said.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/clock.h"
#include "core/prover.h"
#include "dimse_support.h"

namespace sampan::test {

inline std::vector<core::Item> items(std::size_t count) {
  std::vector<core::Item> made;
  for (std::size_t i = 0; i < count; ++i) {
    auto item = image().item;
    item.facts.set(core::Fact::study_instance_uid, "2.25.77");
    item.facts.set(core::Fact::series_instance_uid, "2.25.78");
    made.push_back(std::move(item));
  }
  return made;
}
inline std::string uid_of(const core::Item& item) { return std::string(item.facts.get(core::Fact::sop_instance_uid)); }

// One question; proofs in the order of the batch. Every item must be reported exactly once.
inline std::vector<core::Proof> ask(core::Prover& prover, const std::vector<core::Item>& batch) {
  std::map<Uuid, core::Proof> seen;
  prover.ask(batch, [&](const Uuid& id, core::Proof proof) {
    if (!seen.emplace(id, std::move(proof)).second) throw std::logic_error("reported twice");
  });
  std::vector<core::Proof> proofs;
  for (const auto& item : batch) proofs.push_back(seen.at(item.id));
  return proofs;
}
// Those that it tells of.
inline std::map<Uuid, core::Proof> seek(core::Prover& prover, const std::vector<core::Item>& batch) {
  std::map<Uuid, core::Proof> told;
  prover.seek(batch, [&](const Uuid& id, core::Proof proof) {
    if (!std::holds_alternative<core::Unclear>(proof)) told.emplace(id, std::move(proof));
  });
  return told;
}
// Minutes of asking in no time.
class HandClock final : public Clock {
 public:
  MonoTime mono() const override { return now; }
  WallTime wall() const override { return {1'795'338'000'000 + now.ms}; }
  void pass(Millis time) { now = now + time; }
  MonoTime now{1000};
};

inline std::string unclear(const core::Proof& proof) {
  const auto* said = std::get_if<core::Unclear>(&proof);
  return said == nullptr ? "not unclear" : said->reason;
}

}  // namespace sampan::test
