// SPDX-License-Identifier: Apache-2.0
#include "control/exam_routes.h"

#include "base/log.h"
#include "control/exam_desk.h"

namespace sampan::control {
namespace {

http::Response no_key() {
  return refuse({400, "no_key", "say which exam: its study UID, accession number or patient ID",
                 "请指明检查：检查 UID、检查号或患者 ID"});
}

// Who did what, without saying to whom: the log holds no patient data.
http::Response told(const char* what, const Call& call, const ExamDesk::Answer& answered) {
  if (const auto* refusal = std::get_if<Refusal>(&answered)) return refuse(*refusal);
  const Ordered& done = std::get<Ordered>(answered);
  const std::string who = call.request.peer ? "user " + std::to_string(call.request.peer->uid) : "somebody";
  log::info(std::string(what) + " ordered by " + who + ": " + std::to_string(done.deliveries) + " deliveries");
  return answer(ordered_json(done));
}

using Order = ExamDesk::Answer (ExamDesk::*)(const std::string& key, const std::string& destination);

http::Response serve_order(const char* what, Order order, const Handlers& handlers, const Call& call) {
  if (handlers.exams == nullptr) return absent();
  if (call.word("key").empty()) return no_key();
  return told(what, call, (handlers.exams->*order)(call.word("key"), call.word("to")));
}

}  // namespace

http::Response serve_trace(const Handlers& handlers, const Call& call) {
  if (handlers.exams == nullptr) return absent();
  if (call.word("key").empty()) return no_key();
  const ExamList list = handlers.exams->trace(call.word("key"));
  if (!list.exams.empty()) return answer(exams_json(list));
  if (list.incomplete) return refuse(not_found_yet());
  return refuse({404, "not_found", "nothing of that name is here; it must be given exactly",
                 "本机没有此检查；请输入完整的 UID、检查号或患者 ID"});
}

http::Response serve_today(const Handlers& handlers, const Call&) {
  return handlers.exams == nullptr ? absent() : answer(exams_json(handlers.exams->today()));
}

http::Response serve_hold(const Handlers& handlers, const Call& call) {
  return serve_order("hold", &ExamDesk::hold, handlers, call);
}
http::Response serve_resume(const Handlers& handlers, const Call& call) {
  return serve_order("resume", &ExamDesk::resume, handlers, call);
}
http::Response serve_resend(const Handlers& handlers, const Call& call) {
  return serve_order("resend", &ExamDesk::resend, handlers, call);
}

http::Response serve_push(const Handlers& handlers, const Call& call) {
  if (handlers.exams == nullptr) return absent();
  if (call.word("key").empty()) return no_key();
  if (call.word("to").empty() && !call.truth("emergency"))
    return refuse({400, "nothing_asked", "say where to (--to), or that it is an emergency (--emergency)",
                   "请指明目的地（--to），或标为急诊（--emergency）"});
  return told("push", call, handlers.exams->push(call.word("key"), call.word("to"), call.truth("emergency")));
}

}  // namespace sampan::control
