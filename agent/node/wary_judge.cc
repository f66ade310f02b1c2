// SPDX-License-Identifier: Apache-2.0
#include "node/wary_judge.h"

#include "policy/failure_table.h"

namespace sampan::node {
namespace {

bool says_already_there(policy::Family family, std::uint16_t code) {
  return policy::find_failure(family, code).verdict == policy::Verdict::already_there;
}

core::Rejected may_differ() { return {"0x0111 " + std::string(policy::find_failure(policy::Finding::found_unlike).en)}; }

}  // namespace

bool WaryJudge::is_doubtful(const core::Outcome& outcome, bool already_there, const core::Receipt& receipt) const {
  return already_there && std::holds_alternative<core::Delivered>(outcome) && contested_(receipt.item);
}

core::Outcome WaryJudge::dimse_status(std::uint16_t status, const core::Receipt& if_delivered) const {
  core::Outcome outcome = judge_.dimse_status(status, if_delivered);
  if (is_doubtful(outcome, says_already_there(policy::Family::dimse, status), if_delivered)) return may_differ();
  return outcome;
}

core::Outcome WaryJudge::stow_failure(std::uint16_t failure_reason, const core::Receipt& if_delivered) const {
  core::Outcome outcome = judge_.stow_failure(failure_reason, if_delivered);
  if (is_doubtful(outcome, says_already_there(policy::Family::stow, failure_reason), if_delivered)) return may_differ();
  return outcome;
}

}  // namespace sampan::node
