// SPDX-License-Identifier: Apache-2.0
#include "policy/proof.h"

#include <algorithm>

#include "core/limits.h"

namespace sampan::policy {
namespace {

using namespace core::limits;
using What = ProofDecision::What;

constexpr std::uint16_t no_such_object_instance = 0x0112;
constexpr std::uint16_t class_instance_conflict = 0x0119;
constexpr unsigned doublings_max = 16;

Millis wait_after(unsigned asked) {
  const Millis least = proof_wait_least, most = proof_wait_most;
  return std::min(most, least * (std::int64_t{1} << std::min(asked, doublings_max)));
}

ProofDecision ask_later(unsigned asked) { return {What::ask_later, wait_after(asked)}; }

}  // namespace

ProofDecision decide(const core::Proof& proof, unsigned asked) {
  if (std::holds_alternative<core::Held>(proof)) return {What::archived, {}};
  if (std::holds_alternative<core::Missing>(proof))
    return asked + 1 >= missing_answers_max ? ProofDecision{What::send_again, {}} : ask_later(asked);
  ProofDecision later = ask_later(asked);
  if (const auto& wish = std::get<core::Unclear>(proof).not_before)
    later.wait = std::clamp<Millis>(*wish, later.wait, proof_wait_most);
  return later;
}

Recheck recheck(const RecheckFacts& facts) {
  if (facts.missing) return Recheck::begin_round;
  if (facts.doubted || !facts.since_newest || *facts.since_newest >= Millis(recheck_newest_every)) return Recheck::newest;
  if (facts.round_runs) return Recheck::go_on;
  return facts.since_round && *facts.since_round >= Millis(recheck_every) ? Recheck::begin_round : Recheck::nothing;
}

bool takes_back(const TakenFacts& facts) {
  if (facts.by_node) return facts.asked >= missing_answers_max;
  return facts.destination_proves && !facts.fallback_proves;
}

FailureDecision decide_failure(const FailureFacts& facts) {
  using Then = FailureDecision::What;
  if (facts.reason == no_such_object_instance || facts.reason == class_instance_conflict) return {Then::send_again, {}};
  const Millis wait = wait_after(facts.asked);
  const unsigned asked = facts.asked + 1;
  if (facts.by_node || asked < failed_reports_max) return {Then::ask_later, wait};
  if (!facts.sought) return {Then::seek, wait};
  if (asked < 2 * failed_reports_max) return {Then::ask_later, wait};
  return !facts.found && facts.resends < resends_max ? FailureDecision{Then::send_anyway, {}} : FailureDecision{Then::tell, wait};
}

}  // namespace sampan::policy
