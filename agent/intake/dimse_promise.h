// SPDX-License-Identifier: Apache-2.0
// Promise desk: the storage commitment requests of one association (PS3.4 J.3.2), how they are answered, and which report
// may be told on it (J.3.3).
//
// A request is answered with success only when it is durable. The report is told here when the modality keeps the
// association open and quiet for promise_pause; otherwise it is called back (node/promising).
// Threads: one.
// Fails:   never; what goes wrong is the answer. Destroyed: what was not answered is told another way.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "core/promises.h"
#include "dicom/command_set.h"
#include "intake/dimse.h"
#include "intake/dimse_negotiation.h"

namespace sampan::intake {

// Every answer that an N-ACTION can get, success first.
struct PromiseAnswer {
  std::uint16_t status = 0;
  std::string_view comment;  // (0000,0902)
};
std::span<const PromiseAnswer> promise_answers();

class PromiseDesk {
 public:
  // promises null: nobody promises anything. welcome: the caller may send images.
  PromiseDesk(core::Promises* promises, const Caller& caller, bool welcome);
  ~PromiseDesk();
  PromiseDesk(const PromiseDesk&) = delete;
  PromiseDesk& operator=(const PromiseDesk&) = delete;

  bool takes(const AcceptedContext& context) const;
  PromiseAnswer ask(std::uint8_t context_id, const AcceptedContext& context, const dicom::CommandSet& request, ByteView information);

  // Reports may become due on this association.
  bool expects() const { return !asked_.empty() || telling_.has_value(); }
  // One that can be told now, with its data set; at most one at a time.
  struct Report {
    std::uint8_t context_id = 0;
    dicom::CommandSet command;
    Bytes information;
  };
  std::optional<Report> next();
  // False: it is no answer to what was told.
  bool answered(const dicom::CommandSet& response);

 private:
  struct Asked {
    std::uint8_t context_id = 0;
    bool explicit_vr = false;
    std::string transaction_uid;
  };
  std::optional<PromiseAnswer> judge(const dicom::CommandSet& request) const;

  core::Promises* const promises_;
  const Caller& caller_;
  const bool welcome_;
  std::vector<Asked> asked_;
  std::optional<Asked> telling_;
  std::uint16_t message_id_ = 0;
};

}  // namespace sampan::intake
