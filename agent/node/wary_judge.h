// SPDX-License-Identifier: Apache-2.0
// WaryJudge: does not believe "it is there already" of an image whose name (SOP Instance UID) another one here has too.
//
// An answer that names the UID proves neither of the two (DESIGN, contract 6): it is rejected, and a person decides. All else is as
// the judge behind it says.
// Threads: as core::Judge.
// Fails:   where nobody knows whether there is another one, it is not believed either.
#pragma once

#include <functional>
#include <utility>

#include "core/judge.h"

namespace sampan::node {

class WaryJudge final : public core::Judge {
 public:
  // Whether another image has the name of that one. What it is given must outlive it.
  using Contested = std::function<bool(const Uuid& item)>;
  WaryJudge(const core::Judge& judge, Contested contested) : judge_(judge), contested_(std::move(contested)) {}

  core::Outcome dimse_status(std::uint16_t status, const core::Receipt& if_delivered) const override;
  core::Outcome stow_failure(std::uint16_t failure_reason, const core::Receipt& if_delivered) const override;
  core::Retry association_reject(int result, int source, int reason) const override { return judge_.association_reject(result, source, reason); }
  core::Retry context_refused(std::string_view sop_class, std::string_view transfer_syntax, int result) const override {
    return judge_.context_refused(sop_class, transfer_syntax, result);
  }
  core::Retry no_connection(std::string_view what, bool timeout) const override { return judge_.no_connection(what, timeout); }
  core::Outcome http_status(int status, const core::Receipt& if_delivered) const override { return judge_.http_status(status, if_delivered); }
  core::Retry certificate_refused(std::string_view what) const override { return judge_.certificate_refused(what); }
  core::Retry stranger_answered(std::string_view what) const override { return judge_.stranger_answered(what); }

 private:
  bool is_doubtful(const core::Outcome& outcome, bool already_there, const core::Receipt& receipt) const;

  const core::Judge& judge_;
  const Contested contested_;
};

}  // namespace sampan::node
