// SPDX-License-Identifier: Apache-2.0
#include "cli/exam_verbs.h"

#include <ostream>

#include "cli/ask.h"
#include "cli/exam_view.h"
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

std::string told(const Session& session, const char* zh, const char* en, const control::Ordered& done) {
  const bool chinese = session.lang == control::Lang::zh;
  std::string text = std::string(chinese ? zh : en) + std::to_string(done.deliveries) + "\n";
  if (done.reclaimed > 0)
    text += (chinese ? "已归档并从本机清除，无法重发：" : "archived and no longer here, so they cannot be sent: ") +
            std::to_string(done.reclaimed) + "\n";
  if (done.damaged > 0)
    text += (chinese ? "本机副本损坏，请在设备上重新发送：" : "damaged here, send them again from the modality: ") +
            std::to_string(done.damaged) + "\n";
  return text;
}

int order(Session& session, std::string_view route, const char* zh, const char* en) {
  const bool emergency = session.args.has("--emergency");
  const Heard heard = tell(session, route,
                           control::flat_json({{"key", session.args.get("EXAM")},
                                               {"to", session.args.get("--to")},
                                               {"emergency", emergency ? "true" : ""}}));
  if (!heard.body) return heard.code;
  const auto done = control::parse_ordered(*heard.body);
  if (!done) return tell_trouble(session, done.error());
  session.out << (session.json ? *heard.body : told(session, zh, en, *done));
  return done->reclaimed + done->damaged > 0 ? exit_attention : exit_good;
}

}  // namespace

int run_trace(Session& session) {
  return show(session, control::target("/v1/trace", {{"key", session.args.get("KEY")}}), show_trace);
}
int run_today(Session& session) { return show(session, "/v1/today", show_today); }
int run_hold(Session& session) { return order(session, "/v1/hold", "已暂停上传的图像数：", "put on hold: "); }
int run_resume(Session& session) { return order(session, "/v1/resume", "恢复上传的图像数：", "waiting again: "); }
int run_resend(Session& session) { return order(session, "/v1/resend", "将重新上传的图像数：", "to be sent again: "); }
int run_push(Session& session) { return order(session, "/v1/push", "已安排的图像数：", "pushed: "); }

}  // namespace sampan::cli
