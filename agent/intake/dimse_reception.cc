// SPDX-License-Identifier: Apache-2.0
#include "intake/dimse_reception.h"

#include <array>
#include <string>

#include "base/crash_point.h"
#include "base/log.h"
#include "core/limits.h"
#include "intake/dimse_contexts.h"

namespace sampan::intake {
namespace {

constexpr std::array answers{
    Answer{0x0000, ""},
    Answer{0xA700, "storage full: image not taken, send it again later"},
    Answer{0xA700, "disk failure: image not taken, send it again later"},
    Answer{0x0110, "shutting down: image not taken, send it again"},
    Answer{0x0110, "image not taken, send it again"},
    Answer{0x0122, "this presentation context is not for storage"},
    Answer{0x0122, "SOP class is not that of the presentation context"},
    Answer{0x0106, "a C-STORE without a SOP Instance UID"},
    Answer{0x0106, "SOP Instance UID too long"},
    Answer{0xC000, "a C-STORE without a data set"},
};
constexpr const Answer& stored = answers[0];
constexpr const Answer& storage_full = answers[1];
constexpr const Answer& disk_failure = answers[2];
constexpr const Answer& shutting_down = answers[3];
constexpr const Answer& not_taken = answers[4];
constexpr const Answer& not_storage = answers[5];
constexpr const Answer& other_class = answers[6];
constexpr const Answer& no_instance_uid = answers[7];
constexpr const Answer& instance_uid_too_long = answers[8];
constexpr const Answer& no_data_set = answers[9];

Answer answer_for(const Error& error) {
  switch (error.code) {
    case Errc::full: return storage_full;
    case Errc::io: return disk_failure;
    case Errc::stopped: return shutting_down;
    default: return not_taken;
  }
}

}  // namespace

std::span<const Answer> store_answers() { return answers; }

Reception::Reception(core::Sink& sink, DimseIntake::Observer& observer, const Caller& caller, core::Priority priority,
                     const AcceptedContext& context, const dicom::CommandSet& request)
    : observer_(observer),
      caller_(caller),
      context_(context),
      sop_instance_uid_(request.affected_sop_instance_uid),
      beacon_(observer.beacon()),
      content_(Beacon::content_of("dimse", sop_instance_uid_)),
      unread_(beacon_ != nullptr && beacon_->strikes(content_) >= core::limits::crashes_max),
      scanner_(context.transfer_syntax) {
  if (const auto refused = judge(request))
    give_up(*refused);
  else if (const Status admitted = sink.admits(core::Kind::image); !admitted)
    give_up(answer_for(admitted.error()));
  else
    open(sink, priority);
}

// Only what makes the instance impossible to name or to pass on; content is not judged here.
std::optional<Answer> Reception::judge(const dicom::CommandSet& request) const {
  if (!is_storage_class(context_.abstract_syntax)) return not_storage;
  const std::string& sop_class = request.affected_sop_class_uid;
  if (!sop_class.empty() && sop_class != context_.abstract_syntax) return other_class;
  if (sop_instance_uid_.empty()) return no_instance_uid;
  if (sop_instance_uid_.size() > core::limits::fact_value_bytes_max) return instance_uid_too_long;
  if (!request.has_data_set()) return no_data_set;
  return std::nullopt;
}

void Reception::open(core::Sink& sink, core::Priority priority) {
  core::Manifest manifest;
  manifest.kind = core::Kind::image;
  manifest.priority = priority;
  auto opened = sink.open(manifest);
  if (opened)
    inflow_ = std::move(*opened);
  else
    give_up(answer_for(opened.error()));
}

void Reception::give_up(Answer answer) {
  inflow_.reset();
  answer_ = answer;
}

void Reception::feed(ByteView bytes) {
  if (inflow_ == nullptr || bytes.empty()) return;
  if (!unread_ && !scanner_.done()) scan(bytes);
  if (const Status appended = inflow_->append(bytes); !appended) return give_up(answer_for(appended.error()));
  bytes_ += bytes.size();
}

void Reception::scan(ByteView bytes) {
  const Beacon::Touch touch(beacon_, content_);
  crash_point("intake.scan", sop_instance_uid_);
  scanner_.feed(bytes);
}

Answer Reception::finish() {
  if (inflow_ == nullptr) return answer_;
  if (beacon_ != nullptr && !unread_) beacon_->forgive(content_);
  const core::Facts known = facts();
  const auto committed = inflow_->commit(known);
  inflow_.reset();
  if (!committed) {
    log::error("intake: an image was not taken: " + committed.error().message);
    return answer_for(committed.error());
  }
  observer_.received(known, bytes_, committed->repeated);
  return stored;
}

core::Facts Reception::facts() {
  using core::Fact;
  const std::string own_uid(scanner_.data_sop_instance_uid());
  core::Facts known = scanner_.take();
  known.set(Fact::sop_class_uid, context_.abstract_syntax);
  known.set(Fact::sop_instance_uid, sop_instance_uid_);
  known.set(Fact::transfer_syntax_uid, context_.transfer_syntax);
  known.set(Fact::calling_ae, caller_.calling_ae);
  known.set(Fact::called_ae, caller_.called_ae);
  known.set(Fact::peer_address, caller_.peer_address);
  if (unread_)
    known.set(core::Fact::unread, "1");
  else if (own_uid != sop_instance_uid_)
    known.set(Fact::data_sop_instance_uid, own_uid);
  return known;
}

}  // namespace sampan::intake
