// SPDX-License-Identifier: Apache-2.0
#include "cli/settings_verbs.h"

#include <ostream>

#include "cli/ask.h"
#include "cli/table.h"
#include "control/reload.h"

namespace sampan::cli {
namespace {

using control::Lang;

int tell_reload(Session& session, const control::ReloadAnswer& answer) {
  if (!answer.applied) {
    for (const auto& problem : answer.problems)
      session.err << printable(session.lang == Lang::zh ? problem.zh : problem.en) << "\n";
    session.err << session.say("新配置未启用，仍按原配置运行。\n", "Refused; the node goes on with the settings it has.\n");
    return exit_failure;
  }
  session.out << session.say("新配置已启用。\n", "Applied.\n");
  if (answer.after_restart.empty()) return exit_good;
  session.out << session.say("以下选项重启后生效（sudo systemctl restart sampand）：",
                             "Takes effect after a restart (sudo systemctl restart sampand):");
  for (const auto& path : answer.after_restart) session.out << " " << printable(path);
  session.out << "\n";
  return exit_attention;
}

}  // namespace

int run_reload(Session& session) {
  const Heard heard = tell(session, "/v1/reload", "{}");
  if (!heard.body) return heard.code;
  const auto answer = control::parse_reload(*heard.body);
  if (!answer) return tell_trouble(session, answer.error());
  if (!session.json) return tell_reload(session, *answer);
  session.out << *heard.body;
  if (!answer->applied) return exit_failure;
  return answer->after_restart.empty() ? exit_good : exit_attention;
}

}  // namespace sampan::cli
