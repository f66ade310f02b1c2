// SPDX-License-Identifier: Apache-2.0
#include "cli/settings_verbs.h"

#include <ostream>

#include "cli/ask.h"
#include "cli/table.h"
#include "cli/usual.h"
#include "control/reason_words.h"
#include "control/reload.h"
#include "control/rows.h"
#include "settings/named_files.h"
#include "settings/reference.h"
#include "settings/show.h"

namespace sampan::cli {
namespace {

using control::Lang;

int tell_reload(Session& session, const control::ReloadAnswer& answer) {
  if (!answer.applied) {
    for (const auto& problem : answer.problems)
      session.err << printable(session.lang == Lang::zh ? control::reason_words(problem.zh, Lang::zh) : problem.en) << "\n";
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

settings::Lang language(const Session& session) {
  return session.lang == Lang::zh ? settings::Lang::zh : settings::Lang::en;
}

std::vector<control::Row> problem_rows(const settings::Reading& reading) {
  std::vector<control::Row> rows;
  for (const auto& problem : reading.problems)
    rows.push_back({{"file", problem.place.file},
                    {"line", std::to_string(problem.place.line)},
                    {"column", std::to_string(problem.place.column)},
                    {"en", problem.words.en},
                    {"zh", problem.words.zh}});
  return rows;
}

int check_files(Session& session, const settings::Reading& reading) {
  const settings::Checked checked = settings::checked(reading, language(session));
  if (session.json)
    session.out << control::rows_json({{"problems", problem_rows(reading)}});
  else
    (checked.good ? session.out : session.err) << printable(checked.text);
  return checked.good ? exit_good : exit_failure;
}

int show_files(Session& session, const settings::Reading& reading) {
  if (!reading.problems.empty()) return check_files(session, reading);
  if (!session.json) return session.out << printable(settings::show(reading, language(session))), exit_good;
  std::vector<control::Row> rows;
  for (const auto& one : settings::effective(reading))
    rows.push_back({{"path", one.path}, {"value", one.value}, {"origin", one.origin}});
  session.out << control::rows_json({{"values", rows}});
  return exit_good;
}

int show_reference(Session& session) {
  const settings::Lang lang = language(session);
  if (!session.json) return session.out << settings::reference(lang), exit_good;
  std::vector<control::Row> options, limits;
  for (const auto& option : settings::option_table()) {
    const settings::Described told = settings::describe(option, lang);
    options.push_back({{"path", told.path}, {"type", told.type}, {"initial", std::string(option.initial)},
                       {"notes", told.notes}, {"words", told.words}});
  }
  for (const auto& limit : settings::fixed_limits(lang))
    limits.push_back({{"name", limit.path}, {"value", limit.initial}, {"words", limit.words}});
  session.out << control::rows_json({{"options", options}, {"limits", limits}});
  return exit_good;
}

}  // namespace

int run_config(Session& session) {
  const std::string what = session.args.get("WHAT");
  if (what == "reference") return show_reference(session);
  settings::Reading reading = settings::read(session.config.empty() ? usual_settings : session.config);
  if (what != "show") settings::check_named_files(reading);
  return what == "show" ? show_files(session, reading) : check_files(session, reading);
}

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
