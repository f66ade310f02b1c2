// SPDX-License-Identifier: Apache-2.0
#include "cli/ask.h"

#include <array>
#include <ostream>

#include "cli/table.h"
#include "control/reason_words.h"
#include "control/refusal.h"
#include "settings/start_note.h"

namespace sampan::cli {
namespace {

struct Trouble {
  Errc code;
  const char *zh, *en;
};
// The last row is for everything else.
constexpr std::array troubles{
    Trouble{Errc::not_found, "sampand 服务未运行。请执行：sudo systemctl start sampand；若仍无法运行，查看原因：sudo journalctl -u sampand -n 20",
            "sampand is not running. Start it: sudo systemctl start sampand; if it does not stay up, what it said: sudo journalctl -u sampand -n 20"},
    Trouble{Errc::unreachable, "sampand 服务未运行或刚刚停止。请执行：sudo systemctl start sampand；若仍无法运行，查看原因：sudo journalctl -u sampand -n 20",
            "sampand is not running, or has just stopped. Start it: sudo systemctl start sampand; if it does not stay up, what it said: sudo journalctl -u sampand -n 20"},
    Trouble{Errc::refused, "没有权限连接 sampand。请用 sudo 执行，或请管理员将您加入 sampan 组。",
            "You may not talk to sampand. Use sudo, or have an administrator add you to the group sampan."},
    Trouble{Errc::timeout, "sampand 正在运行但没有应答。请稍后再试；若持续如此：sudo systemctl restart sampand",
            "sampand runs but does not answer. Try again; if it stays so: sudo systemctl restart sampand"},
    Trouble{Errc::io, "无法与 sampand 通信。", "sampand could not be asked."},
};

bool nobody_there(Errc code) { return code == Errc::not_found || code == Errc::unreachable; }

// Nobody is where the settings say: a node that runs took the name when it started, and the settings may be newer.
bool may_listen_elsewhere(const Session& session, Errc code) { return nobody_there(code) && !session.args.has("--socket"); }

// What kept the daemon from starting, where it left word of it.
bool tell_start_note(Session& session, Errc code) {
  const auto note = nobody_there(code) ? settings::start_note_of(session.socket) : std::nullopt;
  if (!note) return false;
  session.err << printable(session.say("sampand 无法启动：", "sampand does not start: ") + (session.lang == control::Lang::zh ? control::reason_words(note->zh, control::Lang::zh) : note->en)) << "\n"
              << session.say("处理之后请执行：sudo systemctl restart sampand；若仍无法运行：sudo journalctl -u sampand -n 20\n",
                             "When that is mended: sudo systemctl restart sampand; if it does not stay up: sudo journalctl -u sampand -n 20\n");
  return true;
}

int code_of(int http_status) {
  if (http_status == 400) return exit_usage;
  return http_status == 404 ? exit_attention : exit_failure;
}

Heard judge(Session& session, const Result<control::Answer>& answer) {
  if (!answer) return {{}, tell_trouble(session, answer.error())};
  if (answer->status == 200) return {answer->body, exit_good};
  const auto refusal = control::parse_refusal(answer->body);
  if (!refusal)
    return {{}, tell_trouble(session, fail(Errc::io, session.socket + ": HTTP " + std::to_string(answer->status)))};
  if (session.json) session.out << answer->body;
  session.err << printable(session.lang == control::Lang::zh ? refusal->zh : refusal->en) << "\n";
  return {{}, code_of(answer->status)};
}

}  // namespace

int tell_trouble(Session& session, const Error& error) {
  if (tell_start_note(session, error.code)) return exit_unreachable;
  const Trouble* trouble = &troubles.back();
  for (const Trouble& each : troubles)
    if (each.code == error.code) trouble = &each;
  session.err << session.say(trouble->zh, trouble->en) << "\n";
  if (may_listen_elsewhere(session, error.code))
    session.err << session.say("若刚修改或删除过配置 control.socket：重启后生效，在此之前服务仍使用原套接字。请执行：sudo systemctl restart sampand\n",
                               "If control.socket was changed or removed: that takes effect after a restart, until then sampand listens where it did. "
                               "Do: sudo systemctl restart sampand\n");
  session.err << "(" << printable(error.message.empty() ? session.socket : error.message) << ")\n";
  return exit_unreachable;
}

Heard ask(Session& session, std::string_view target) {
  return judge(session, control::Client(session.socket).get(target));
}

Heard tell(Session& session, std::string_view target, std::string_view json) {
  return judge(session, control::Client(session.socket).post(target, json));
}

}  // namespace sampan::cli
