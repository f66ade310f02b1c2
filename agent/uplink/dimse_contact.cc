// SPDX-License-Identifier: Apache-2.0
#include "uplink/dimse_contact.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <variant>

#include "core/limits.h"
#include "uplink/dimse_association.h"

namespace sampan::uplink {
namespace {

using core::Retry;

const ContextKey verification{"1.2.840.10008.1.1", "1.2.840.10008.1.2"};

class DimseContact final : public core::Contact {
 public:
  DimseContact(DimseContactOptions options, const core::Judge& judge) : options_(std::move(options)), judge_(judge) {
    options_.peer.answer_time_max = std::min<Millis>(options_.peer.answer_time_max, core::limits::contact_answer_time_max);
  }

  std::optional<Retry> ask() override;
  void interrupt() override {
    interrupted_ = true;
    const std::lock_guard lock(mutex_);
    if (plug_) plug_->pull();
  }

 private:
  Status echo(DimseAssociation& association) const;
  Retry away(const Error& error) const { return judge_.no_connection(interrupted_ ? "interrupted" : error.message, error.code == Errc::timeout); }

  DimseContactOptions options_;
  const core::Judge& judge_;
  std::mutex mutex_;  // guards plug_
  std::shared_ptr<dicom::Plug> plug_;
  std::atomic<bool> interrupted_{false};
};

std::optional<Retry> DimseContact::ask() {
  const auto connected = [this](std::shared_ptr<dicom::Plug> plug) {
    const std::lock_guard lock(mutex_);
    plug_ = std::move(plug);
    if (interrupted_) plug_->pull();
  };
  auto requested = DimseAssociation::request(options_.peer, std::span(&verification, 1), connected);
  if (const auto* refused = std::get_if<AssociationRefused>(&requested)) {
    Retry said = meaning_of(*refused, judge_);
    if (said.scope == core::Scope::configuration && !options_.own_title_counts && !refused->oneself) return std::nullopt;
    return said;
  }
  if (const auto* error = std::get_if<Error>(&requested)) return away(*error);
  auto& association = *std::get<std::unique_ptr<DimseAssociation>>(requested);
  const Status answered = echo(association);
  if (answered && association.idle())
    association.release();
  else
    association.abort();
  return answered ? std::nullopt : std::optional(away(answered.error()));
}

Status DimseContact::echo(DimseAssociation& association) const {
  const AcceptedContext* context = association.find(verification);
  if (context == nullptr || !context->accepted()) return {};
  dicom::CommandSet request;
  request.command_field = dicom::command::c_echo_rq;
  request.message_id = association.next_message_id();
  request.affected_sop_class_uid = verification.sop_class;
  if (Status sent = association.writer().send(context->id, request); !sent) return sent;
  const auto answer = association.reader().next_command(options_.peer.answer_time_max);
  if (!answer) return answer.error();
  // What it says of it matters less than that it speaks.
  if (answer->event != dicom::PduEvent::fragment || answer->command.command_field != dicom::command::c_echo_rsp)
    return fail(Errc::unreachable, "it ended the association");
  return {};
}

}  // namespace

std::unique_ptr<core::Contact> make_dimse_contact(DimseContactOptions options, const core::Judge& judge) {
  return std::make_unique<DimseContact>(std::move(options), judge);
}

}  // namespace sampan::uplink
