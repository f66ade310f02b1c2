// SPDX-License-Identifier: Apache-2.0
// TableJudge: the answers of a next hop, judged by the failure table.
//
// Reasons are the code and the English words of its row; they never hold what the peer wrote in free text.
// Threads: any; it has no state.
#pragma once

#include <string>
#include <string_view>

#include "core/judge.h"
#include "policy/failure_table.h"

namespace sampan::policy {

class TableJudge final : public core::Judge {
 public:
  core::Outcome dimse_status(std::uint16_t status, const core::Receipt& if_delivered) const override;
  core::Retry association_reject(int result, int source, int reason) const override;
  core::Retry context_refused(std::string_view sop_class, std::string_view transfer_syntax, int result) const override;
  core::Retry no_connection(std::string_view what, bool timeout) const override;
  core::Outcome http_status(int status, const core::Receipt& if_delivered) const override;
  core::Outcome stow_failure(std::uint16_t failure_reason, const core::Receipt& if_delivered) const override;
  core::Retry certificate_refused(std::string_view what) const override;
  core::Retry stranger_answered(std::string_view what) const override;
};

// What follows from a row: the one place that turns a verdict into an outcome.
core::Outcome outcome_of(Verdict verdict, std::string reason, const core::Receipt& if_delivered);

}  // namespace sampan::policy
