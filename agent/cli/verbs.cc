// SPDX-License-Identifier: Apache-2.0
#include "cli/verbs.h"

#include <array>
#include <ostream>

#include "base/version.h"
#include "cli/exit_code.h"
#include "cli/queue_view.h"
#include "cli/status_view.h"
#include "cli/table.h"
#include "control/client.h"
#include "control/status_json.h"

namespace sampan::cli {
namespace {

using control::Lang;

struct Trouble {
  Errc code;
  const char *zh, *en;
};
// What a person does when the daemon cannot be asked. The last row is for everything else.
constexpr std::array troubles{
    Trouble{Errc::not_found, "sampand 服务未运行。请执行：sudo systemctl start sampand",
            "sampand is not running. Start it: sudo systemctl start sampand"},
    Trouble{Errc::unreachable, "sampand 服务未运行或刚刚停止。请执行：sudo systemctl start sampand",
            "sampand is not running, or has just stopped. Start it: sudo systemctl start sampand"},
    Trouble{Errc::refused, "没有权限连接 sampand。请用 sudo 执行，或请管理员将您加入 sampan 组。",
            "You may not talk to sampand. Use sudo, or have an administrator add you to the group sampan."},
    Trouble{Errc::timeout, "sampand 正在运行但没有应答。请稍后再试；若持续如此：sudo systemctl restart sampand",
            "sampand runs but does not answer. Try again; if it stays so: sudo systemctl restart sampand"},
    Trouble{Errc::io, "无法与 sampand 通信。", "sampand could not be asked."},
};

int tell_trouble(Session& session, const Error& error) {
  const Trouble* trouble = &troubles.back();
  for (const Trouble& each : troubles)
    if (each.code == error.code) trouble = &each;
  session.err << (session.lang == Lang::zh ? trouble->zh : trouble->en) << "\n("
              << printable(error.message.empty() ? session.socket : error.message) << ")\n";
  return exit_unreachable;
}

int exit_code_of(control::Verdict verdict) {
  switch (verdict) {
    case control::Verdict::good:
      return exit_good;
    case control::Verdict::attention:
      return exit_attention;
    case control::Verdict::failure:
      return exit_failure;
  }
  return exit_failure;
}

using View = std::string (*)(const control::NodeStatus&, Lang);

int show(Session& session, std::string_view route, View view) {
  const auto answer = control::Client(session.socket).get(route);
  if (!answer) return tell_trouble(session, answer.error());
  if (answer->status != 200)
    return tell_trouble(session, fail(Errc::io, session.socket + ": HTTP " + std::to_string(answer->status)));
  const auto status = control::parse_status(answer->body);
  if (!status) return tell_trouble(session, status.error());
  session.out << (session.json ? answer->body : view(*status, session.lang));
  return exit_code_of(status->verdict);
}

int run_status(Session& session) { return show(session, "/v1/status", show_status); }
int run_queue(Session& session) { return show(session, "/v1/queue", show_queue); }

// Our own version is told even when the daemon cannot be asked.
int run_version(Session& session) {
  const auto answer = control::Client(session.socket).get("/v1/version");
  const auto daemon = answer.ok() ? control::parse_status(answer->body) : Result<control::NodeStatus>(answer.error());
  const std::string running = daemon.ok() ? daemon->version : std::string();
  if (session.json) {
    session.out << (running.empty() ? control::flat_json({{"sampan", version()}})
                                    : control::flat_json({{"sampan", version()}, {"sampand", running}}));
    return running.empty() ? exit_unreachable : exit_good;
  }
  session.out << "sampan " << version() << "\n";
  if (running.empty()) return tell_trouble(session, daemon.ok() ? fail(Errc::io, session.socket) : daemon.error());
  session.out << "sampand " << printable(running) << "\n";
  return exit_good;
}

int run_help(Session& session);

constexpr std::array verbs{
    Verb{"status", "Are my images arriving? One screen.", "图像是否正常到达，一屏看清。", run_status},
    Verb{"queue", "What waits, by destination and age.", "按目的地和时长查看积压。", run_queue},
    Verb{"version", "The version of this command and of the daemon.", "本命令和服务的版本。", run_version},
    Verb{"help", "This page.", "显示本说明。", run_help},
};

struct Flag {
  const char *word, *zh, *en;
};
constexpr std::array flags{
    Flag{"--json", "输出 JSON，供脚本使用", "JSON, for scripts"},
    Flag{"--lang zh|en", "语言，默认随系统", "language, by default the system's"},
    Flag{"--socket PATH", "服务的套接字", "the daemon's socket"},
    Flag{"--config PATH", "从该配置文件读取套接字位置", "take the socket from this settings file"},
};
struct Code {
  int code;
  const char *zh, *en;
};
constexpr std::array codes{
    Code{exit_good, "正常", "good"},
    Code{exit_attention, "需要注意", "attention"},
    Code{exit_failure, "故障", "failure"},
    Code{exit_unreachable, "服务没有应答", "the daemon did not answer"},
    Code{exit_usage, "命令写错", "the command is wrong"},
};

int run_help(Session& session) {
  const bool zh = session.lang == Lang::zh;
  Table words({Table::Align::left, Table::Align::left, Table::Align::left});
  for (const Verb& verb : verbs) words.add({"", std::string(verb.word), std::string(zh ? verb.zh : verb.en)});
  Table options({Table::Align::left, Table::Align::left, Table::Align::left});
  for (const Flag& flag : flags) options.add({"", flag.word, zh ? flag.zh : flag.en});
  Table exits({Table::Align::left, Table::Align::right, Table::Align::left});
  for (const Code& code : codes) exits.add({"", std::to_string(code.code), zh ? code.zh : code.en});
  session.out << (zh ? "用法：sampan [命令] [选项]；不写命令即 status。\n\n命令\n"
                     : "Usage: sampan [command] [options]; without a command: status.\n\nCommands\n")
              << words.text() << (zh ? "\n选项\n" : "\nOptions\n") << options.text()
              << (zh ? "\n退出码\n" : "\nExit codes\n") << exits.text();
  return exit_good;
}

}  // namespace

std::span<const Verb> verb_table() { return verbs; }

}  // namespace sampan::cli
