// SPDX-License-Identifier: Apache-2.0
#include "cli/report_verbs.h"

#include <ostream>

#include "base/version.h"
#include "cli/ask.h"
#include "cli/queue_view.h"
#include "cli/status_view.h"
#include "cli/table.h"
#include "control/status_json.h"

namespace sampan::cli {
namespace {

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

using View = std::string (*)(const control::NodeStatus&, control::Lang);

int show(Session& session, std::string_view route, View view) {
  const Heard heard = ask(session, route);
  if (!heard.body) return heard.code;
  const auto status = control::parse_status(*heard.body);
  if (!status) return tell_trouble(session, status.error());
  session.out << (session.json ? *heard.body : view(*status, session.lang));
  return exit_code_of(status->verdict);
}

}  // namespace

int run_status(Session& session) { return show(session, "/v1/status", show_status); }
int run_queue(Session& session) { return show(session, "/v1/queue", show_queue); }

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

}  // namespace sampan::cli
