// SPDX-License-Identifier: Apache-2.0
#include "intake/dimse_promise.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "core/limits.h"
#include "dicom/commitment.h"

namespace sampan::intake {
namespace {

constexpr std::string_view implicit_le = "1.2.840.10008.1.2";

// PS3.7 10.1.4.1.10 and annex C.
constexpr PromiseAnswer taken{0x0000, ""};
constexpr PromiseAnswer not_now{0x0110, "the request cannot be written just now"};
constexpr PromiseAnswer in_use{0x0110, "the Transaction UID is in use for another request"};
constexpr PromiseAnswer no_such_instance{0x0112, "not the well-known SOP Instance"};
constexpr PromiseAnswer invalid{0x0115, "no Transaction UID, or no instance is named"};
constexpr PromiseAnswer no_such_class{0x0118, "not the Storage Commitment Push Model"};
constexpr PromiseAnswer no_such_action{0x0123, "only Action Type 1 is known"};
constexpr PromiseAnswer not_welcome{0x0124, "images are not taken from this caller"};
constexpr PromiseAnswer too_much{0x0213, "too many images or requests at once"};
constexpr std::array all_answers{taken, not_now, in_use, no_such_instance, invalid, no_such_class, no_such_action, not_welcome, too_much};

PromiseAnswer answer_to(const Error& error) {
  switch (error.code) {
    case Errc::limit: return too_much;
    case Errc::refused: return in_use;
    default: return not_now;
  }
}

}  // namespace

std::span<const PromiseAnswer> promise_answers() { return all_answers; }

PromiseDesk::PromiseDesk(core::Promises* promises, const Caller& caller, bool welcome)
    : promises_(promises), caller_(caller), welcome_(welcome) {}

PromiseDesk::~PromiseDesk() {
  if (telling_) promises_->told(telling_->transaction_uid, false);
}

bool PromiseDesk::takes(const AcceptedContext& context) const {
  return promises_ != nullptr && context.abstract_syntax == dicom::commitment_class;
}

std::optional<PromiseAnswer> PromiseDesk::judge(const dicom::CommandSet& request) const {
  if (request.requested_sop_class_uid != dicom::commitment_class) return no_such_class;
  if (request.requested_sop_instance_uid != dicom::commitment_instance) return no_such_instance;
  if (request.action_type_id != dicom::commitment_requested) return no_such_action;
  if (!welcome_) return not_welcome;
  return std::nullopt;
}

PromiseAnswer PromiseDesk::ask(std::uint8_t context_id, const AcceptedContext& context, const dicom::CommandSet& request, ByteView information) {
  if (const auto no = judge(request)) return *no;
  const bool explicit_vr = context.transfer_syntax != implicit_le;
  if (information.size() > core::limits::promise_request_bytes_max) return too_much;
  auto read = dicom::read_commitment_request(information, explicit_vr);
  if (!read) return invalid;
  read->calling_ae = caller_.calling_ae;
  read->called_ae = caller_.called_ae;
  read->peer_address = caller_.peer_address;
  if (Status kept = promises_->asked(*read); !kept) {
    log::warn("intake: a request for storage commitment was not taken: " + kept.error().message);
    return answer_to(kept.error());
  }
  if (asked_.size() >= core::limits::promises_per_association_max) asked_.erase(asked_.begin());  // told by calling back
  if (std::ranges::find(asked_, read->transaction_uid, &Asked::transaction_uid) == asked_.end())
    asked_.push_back({context_id, explicit_vr, read->transaction_uid});
  return taken;
}

std::optional<PromiseDesk::Report> PromiseDesk::next() {
  if (telling_) return std::nullopt;
  for (auto one = asked_.begin(); one != asked_.end(); ++one) {
    const auto report = promises_->take(one->transaction_uid);
    if (!report) continue;
    telling_ = std::move(*one);
    asked_.erase(one);
    Report told{telling_->context_id, dicom::report_command(*report, ++message_id_), dicom::commitment_report(*report, telling_->explicit_vr)};
    return told;
  }
  return std::nullopt;
}

bool PromiseDesk::answered(const dicom::CommandSet& response) {
  if (!telling_ || response.command_field != dicom::command::n_event_report_rsp || response.message_id_responded_to != message_id_)
    return false;
  promises_->told(telling_->transaction_uid, response.status == 0);
  telling_.reset();
  return true;
}

}  // namespace sampan::intake
