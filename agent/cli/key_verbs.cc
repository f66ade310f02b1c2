// SPDX-License-Identifier: Apache-2.0
#include "cli/key_verbs.h"

#include <ostream>

#include "base/secret.h"
#include "cli/ask.h"
#include "cli/status_view.h"
#include "control/status_json.h"

namespace sampan::cli {
namespace {

int show_key(Session& session) {
  const Heard heard = ask(session, "/v1/status");
  if (!heard.body) return heard.code;
  const auto status = control::parse_status(*heard.body);
  if (!status) return tell_trouble(session, status.error());
  if (session.json)
    session.out << control::key_json(status->key);
  else
    session.out << key_words(status->key, session.lang);
  return status->key.recovery == "handed_out" ? exit_good : exit_attention;
}

void print_paper(Session& session, const std::string& text) {
  const std::size_t half = text.size() / 2;
  session.out << session.say("恢复密钥，只显示这一次：\n\n", "The recovery key, shown this once:\n\n") << "    "
              << text.substr(0, half) << "\n    " << text.substr(half + 1) << "\n\n"
              << session.say(
                     "请抄写或打印，存放在别处（例如牵头医院的保险柜），不要保存在本机。本机损坏时，凭它和磁盘可在另一台\n"
                     "机器上取出图像：sampan rescue 目录。持有它和磁盘副本的人都能读出图像。以前的恢复密钥从此作废。\n",
                     "Write it down or print it, and keep it elsewhere, in the lead hospital's safe for one, never on this machine. If\n"
                     "this machine dies, it opens the disk on another one: sampan rescue DIRECTORY. Whoever has it and a copy of the disk\n"
                     "can read the images. A recovery key from before is void now.\n");
  session.out.flush();
}

// What was shown counts as handed out, and only that: an answer that was lost on the way leaves the one before as it was.
int show_recovery_key(Session& session) {
  Heard heard = tell(session, "/v1/key/recovery", "{}");
  if (!heard.body) return heard.code;
  auto made = control::parse_recovery(*heard.body);
  wipe(*heard.body);
  if (!made) return tell_trouble(session, made.error());
  if (session.json)
    session.out << control::recovery_json(*made) << std::flush;
  else
    print_paper(session, *made);
  wipe(*made);
  if (!session.out.good()) return exit_failure;
  const Heard confirmed = tell(session, "/v1/key/handed_out", "{}");
  return confirmed.body ? exit_good : confirmed.code;
}

int rotate(Session& session) {
  const Heard heard = tell(session, "/v1/key/rotate", "{}");
  if (!heard.body) return heard.code;
  const auto key = control::parse_key(*heard.body);
  if (!key) return tell_trouble(session, key.error());
  if (session.json) return session.out << *heard.body, exit_good;
  session.out << session.say("此后接收的图像使用新密钥；已有图像不改写，旧密钥保留。\n",
                             "What comes from now on is under a new key; what is stored stays as it is, under the old ones.\n")
              << key_words(*key, session.lang);
  return exit_good;
}

}  // namespace

int run_key(Session& session) {
  const std::string what = session.args.get("WHAT");
  if (what == "recovery") return show_recovery_key(session);
  return what == "rotate" ? rotate(session) : show_key(session);
}

}  // namespace sampan::cli
