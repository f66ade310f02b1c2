// SPDX-License-Identifier: Apache-2.0
#include "intake/dimse_session.h"

#include <algorithm>
#include <utility>

#include "base/crash_point.h"
#include "base/log.h"
#include "core/limits.h"
#include "dicom/commitment.h"
#include "intake/dimse_reception.h"

namespace sampan::intake {
namespace {

using dicom::CommandSet;
using dicom::PduEvent;
namespace command = dicom::command;

constexpr std::uint16_t success = 0x0000;
constexpr std::uint16_t processing_failure = 0x0110;
constexpr std::uint16_t no_such_instance = 0x0112;
constexpr std::uint16_t unrecognized_operation = 0x0211;
constexpr std::string_view implicit_le = "1.2.840.10008.1.2";
constexpr std::uint8_t abort_by_provider = 2;  // PS3.8 table 9-26
constexpr std::uint8_t abort_no_reason = 0;
constexpr std::uint8_t abort_invalid_parameter = 6;

Session::Ending ending_of(const Error& error) {
  if (error.code == Errc::timeout) return Session::Ending::idle;
  return error.code == Errc::invalid ? Session::Ending::broken : Session::Ending::gone;
}

Session::Ending ending_of(PduEvent event) {
  if (event == PduEvent::release_request) return Session::Ending::released;
  return event == PduEvent::abort ? Session::Ending::gone : Session::Ending::broken;
}

}  // namespace

Session::Session(Takers takers, Needs& needs, dicom::Wire& wire, Association association, Millis idle_time_max)
    : takers_(takers),
      needs_(needs),
      association_(std::move(association)),
      idle_time_max_(idle_time_max),
      wire_(wire),
      reader_(wire),
      writer_(wire, association_.peer_pdu_bytes_max, idle_time_max),
      desk_(takers.promises, association_.caller, association_.welcome) {}

void Session::run() { take_leave(serve()); }

Session::Ending Session::serve() {
  while (needs_.wait_for_request())
    if (const Step ended = next_message()) return *ended;
  return Ending::stopped;
}

// Who keeps the association open after it asked whether its images are kept is told on it.
Session::Step Session::report_while_quiet() {
  const Millis pause = core::limits::promise_pause;
  for (Millis waited{0}; desk_.expects() && waited < idle_time_max_; waited += pause) {
    if (!reader_.drained() || !wire_.quiet_for(pause)) return std::nullopt;
    const auto report = desk_.next();
    if (!report) continue;
    const auto& bytes = report->information;
    const Status sent = writer_.send(report->context_id, report->command, bytes.size(), [&](std::uint64_t offset, ByteSpan into) {
      std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), into.size(), into.begin());
      return Result<std::size_t>(into.size());
    });
    if (!sent) return ending_of(sent.error());
  }
  return std::nullopt;
}

Session::Step Session::next_message() {
  if (const Step ended = report_while_quiet()) return ended;
  const auto incoming = reader_.next_command(idle_time_max_);
  if (!incoming) return ending_of(incoming.error());
  if (incoming->event != PduEvent::fragment) return ending_of(incoming->event);
  needs_.request_arrived();
  const auto context = association_.contexts.find(incoming->context);
  if (context == association_.contexts.end()) return Ending::broken;
  return handle(incoming->context, context->second, incoming->command);
}

Session::Step Session::handle(std::uint8_t context_id, const AcceptedContext& context, const CommandSet& request) {
  if (request.command_field == command::c_store_rq) return store(context_id, context, request);
  const bool about_commitment = context.abstract_syntax == dicom::commitment_class;
  if (request.command_field == command::n_event_report_rq && about_commitment && takers_.receipts != nullptr)
    return take_report(context_id, context, request);
  if (request.command_field == command::n_action_rq && desk_.takes(context)) return take_promise(context_id, context, request);
  if (request.has_data_set())
    if (const Step ended = read_data_set(context_id, [](ByteView) {})) return ended;
  if (desk_.answered(request)) return std::nullopt;
  if (request.is_response() || request.command_field == command::c_cancel_rq) return std::nullopt;
  const bool echo = request.command_field == command::c_echo_rq;
  return answer(context_id, echo ? response_to(request, success)
                                 : response_to(request, unrecognized_operation, "only C-ECHO and C-STORE are taken here"));
}

Session::Step Session::store(std::uint8_t context_id, const AcceptedContext& context, const CommandSet& request) {
  Reception reception(takers_.sink, takers_.observer, association_.caller, association_.priority, context, request);
  if (request.has_data_set())
    if (const Step ended = read_data_set(context_id, [&](ByteView bytes) { reception.feed(bytes); })) return ended;
  const Answer outcome = reception.finish();
  const Step ended = answer(context_id, response_to(request, outcome.status, outcome.comment));
  crash_point("item.acknowledged");
  return ended;
}

// Answered with success once the request is kept.
Session::Step Session::take_promise(std::uint8_t context_id, const AcceptedContext& context, const CommandSet& request) {
  Bytes information;
  const auto gather = [&](ByteView bytes) {  // one byte too many says that it is too long
    const std::size_t room = core::limits::promise_request_bytes_max + 1 - information.size();
    information.insert(information.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min(room, bytes.size())));
  };
  if (request.has_data_set())
    if (const Step ended = read_data_set(context_id, gather)) return ended;
  const PromiseAnswer outcome = desk_.ask(context_id, context, request, information);
  CommandSet response = response_to(request, outcome.status, outcome.comment);
  response.action_type_id = request.action_type_id;
  const Step ended = answer(context_id, response);
  crash_point("promise.acknowledged");
  return ended;
}

// Answered with success once the report is kept; a report about nothing we asked is refused, and changes nothing.
Session::Step Session::take_report(std::uint8_t context_id, const AcceptedContext& context, const CommandSet& request) {
  Bytes information;
  bool too_long = false;
  const auto gather = [&](ByteView bytes) {
    too_long = too_long || information.size() + bytes.size() > core::limits::commitment_bytes_max;
    if (!too_long) information.insert(information.end(), bytes.begin(), bytes.end());
  };
  if (request.has_data_set())
    if (const Step ended = read_data_set(context_id, gather)) return ended;
  const auto report = dicom::read_commitment_report(information, context.transfer_syntax != implicit_le);
  const Status taken = too_long ? Status(fail(Errc::limit, "too long"))
                       : report ? takers_.receipts->commitment_reported(*report)
                                : Status(report.error());
  if (!taken) log::warn("intake: a report of storage commitment was not taken: " + taken.error().message);
  CommandSet response = response_to(request, taken ? success : taken.error().code == Errc::not_found ? no_such_instance : processing_failure);
  response.event_type_id = request.event_type_id;
  return answer(context_id, response);
}

Session::Step Session::read_data_set(std::uint8_t context_id, const std::function<void(ByteView)>& take) {
  for (;;) {
    const auto incoming = reader_.next(idle_time_max_);
    if (!incoming) return ending_of(incoming.error());
    if (incoming->event == PduEvent::abort) return Ending::gone;
    if (incoming->event != PduEvent::fragment || incoming->command || incoming->context != context_id)
      return Ending::broken;
    take(incoming->bytes);
    if (incoming->last) return std::nullopt;
  }
}

Session::Step Session::answer(std::uint8_t context_id, const CommandSet& response) {
  if (const Status sent = writer_.send(context_id, response); !sent) return ending_of(sent.error());
  return std::nullopt;
}

// Best effort: the connection is closed next, whether the caller hears this or not.
void Session::take_leave(Ending ending) {
  switch (ending) {
    case Ending::released: static_cast<void>(writer_.send_release_response()); return;
    case Ending::broken:
      static_cast<void>(writer_.send_abort(abort_by_provider, abort_invalid_parameter));
      return;
    case Ending::idle:
    case Ending::stopped: static_cast<void>(writer_.send_abort(abort_by_provider, abort_no_reason)); return;
    case Ending::gone: return;
  }
}

}  // namespace sampan::intake
