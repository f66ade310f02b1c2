// SPDX-License-Identifier: Apache-2.0
#include "uplink/dimse_reporter.h"

#include <algorithm>
#include <cstdio>

#include "dicom/commitment.h"
#include "uplink/dimse_association.h"

namespace sampan::uplink {
namespace {

constexpr const char* implicit_le = "1.2.840.10008.1.2";
constexpr unsigned fragments_max = 1000;  // before an answer that is none

std::string hex(std::uint16_t code) {
  char text[8];
  std::snprintf(text, sizeof text, "0x%04X", unsigned{code});
  return text;
}

Status send(DimseAssociation& association, std::uint8_t context, const core::PromiseReport& report, const dicom::CommandSet& command) {
  const Bytes information = dicom::commitment_report(report, false);
  return association.writer().send(context, command, information.size(), [&](std::uint64_t offset, ByteSpan into) {
    std::copy_n(information.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
    return Result<std::size_t>(into.size());
  });
}

Status read_answer(DimseAssociation& association, const dicom::CommandSet& command, Millis timeout) {
  const auto answer = association.reader().next_command(timeout);
  if (!answer) return answer.error();
  if (answer->event != dicom::PduEvent::fragment) return fail(Errc::unreachable, "it ended the association");
  bool more = answer->command.has_data_set();
  for (unsigned i = 0; more && i < fragments_max; ++i) {
    const auto part = association.reader().next(timeout);
    if (!part) return part.error();
    more = part->event == dicom::PduEvent::fragment && !part->last;
  }
  if (answer->command.command_field != dicom::command::n_event_report_rsp || !answer->command.status ||
      answer->command.message_id_responded_to != command.message_id)
    return fail(Errc::invalid, "its answer to a report of storage commitment is none");
  if (*answer->command.status != 0) return fail(Errc::refused, "it answered a report of storage commitment with status " + hex(*answer->command.status));
  return {};
}

}  // namespace

Status tell_promises(const DimseOptions& modality, const core::PromiseReport& report, const dicom::Connected& connected) {
  const ContextKey key{std::string(dicom::commitment_class), implicit_le};
  auto requested = DimseAssociation::request(modality, std::span(&key, 1), connected, DimseAssociation::Role::provider);
  if (std::get_if<AssociationRefused>(&requested) != nullptr) return fail(Errc::refused, "it refused the association");
  if (const auto* error = std::get_if<Error>(&requested)) return *error;
  auto& association = *std::get<std::unique_ptr<DimseAssociation>>(requested);
  const AcceptedContext* context = association.find(key);
  if (context == nullptr || !context->accepted()) {
    association.release();
    return fail(Errc::refused, "it does not take reports of storage commitment");
  }
  const auto command = dicom::report_command(report, association.next_message_id());
  Status told = send(association, context->id, report, command);
  if (told) told = read_answer(association, command, modality.answer_time_max);
  if (told && association.idle())
    association.release();
  else
    association.abort();
  return told;
}

}  // namespace sampan::uplink
