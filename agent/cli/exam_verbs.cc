// SPDX-License-Identifier: Apache-2.0
#include "cli/exam_verbs.h"

#include <ostream>

#include "cli/ask.h"
#include "cli/exam_view.h"
#include "cli/order_view.h"
#include "control/exam.h"
#include "control/status_json.h"

namespace sampan::cli {
namespace {

using View = std::string (*)(const control::ExamList&, control::Lang);

int show(Session& session, const std::string& target, View view) {
  const Heard heard = ask(session, target);
  if (!heard.body) return heard.code;
  const auto list = control::parse_exams(*heard.body);
  if (!list) return tell_trouble(session, list.error());
  session.out << (session.json ? *heard.body : view(*list, session.lang));
  return needs_a_person(*list) ? exit_attention : exit_good;
}

int order(Session& session, std::string_view route, Order what) {
  const std::string exam = session.args.get("EXAM"), to = session.args.get("--to");
  const bool emergency = session.args.has("--emergency");
  const Heard heard =
      tell(session, route, control::flat_json({{"key", exam}, {"to", to}, {"emergency", emergency ? "true" : ""}}));
  if (!heard.body) return heard.code;
  const auto done = control::parse_ordered(*heard.body);
  if (!done) return tell_trouble(session, done.error());
  session.out << (session.json ? *heard.body : show_ordered(what, *done, exam, emergency ? "" : to, session.lang));
  return fell_short(what, *done) ? exit_attention : exit_good;
}

}  // namespace

int run_trace(Session& session) {
  return show(session, control::target("/v1/trace", {{"key", session.args.get("KEY")}}), show_trace);
}
int run_today(Session& session) { return show(session, "/v1/today", show_today); }
int run_hold(Session& session) { return order(session, "/v1/hold", Order::hold); }
int run_resume(Session& session) { return order(session, "/v1/resume", Order::resume); }
int run_resend(Session& session) { return order(session, "/v1/resend", Order::resend); }
int run_push(Session& session) { return order(session, "/v1/push", Order::push); }

}  // namespace sampan::cli
