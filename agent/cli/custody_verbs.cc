// SPDX-License-Identifier: Apache-2.0
#include "cli/custody_verbs.h"

#include <unistd.h>

#include <iostream>

#include "cli/ask.h"
#include "cli/table.h"
#include "control/reason_words.h"
#include "control/status_json.h"

namespace sampan::cli {
namespace {

using control::DamageList;
using control::DropAnswer;
using control::Lang;

int show_places(Session& session) {
  const Heard heard = ask(session, "/v1/damage");
  if (!heard.body) return heard.code;
  const auto list = control::parse_damage(*heard.body);
  if (!list) return tell_trouble(session, list.error());
  session.out << (session.json ? *heard.body : show_damage(*list, session.lang));
  return list->places.empty() && !list->incomplete ? exit_good : exit_attention;
}

int tell_seen(Session& session, const std::string& place) {
  const Heard heard = tell(session, "/v1/damage/seen", control::flat_json({{"place", place}}));
  if (!heard.body) return heard.code;
  const auto seen = control::parse_seen(*heard.body);
  if (!seen) return tell_trouble(session, seen.error());
  if (session.json)
    session.out << *heard.body;
  else
    session.out << session.say("已核对，不再提示：", "looked at, and not told any more: ") << seen->places << "\n";
  return exit_good;
}

Heard ask_drop(Session& session, bool confirm) {
  const bool give_up = session.args.has("--give-up");
  return tell(session, "/v1/drop",
              control::flat_json({{"destination", session.args.get("DESTINATION")}, {"give_up", give_up ? "true" : ""}, {"confirm", confirm ? "true" : ""}}));
}

// By its name, at a terminal; whoever cannot be asked says --yes.
bool confirmed(Session& session, const std::string& destination) {
  if (session.args.has("--yes")) return true;
  const bool asks = !session.json && ::isatty(STDIN_FILENO) != 0;
  std::string line;
  if (asks) {
    session.out << session.say("请输入该目的地的名称以确认：", "Type the name of the destination to go on: ") << std::flush;
    std::getline(std::cin, line);
    if (line == destination) return true;
  }
  session.err << (asks ? session.say("名称不符，未作更改。\n", "That is not its name; nothing was changed.\n")
                       : session.say("尚未执行；确认请加 --yes。\n", "Nothing was changed yet; add --yes to do it.\n"));
  return false;
}

}  // namespace

std::string show_damage(const DamageList& list, Lang lang) {
  const bool zh = lang == Lang::zh;
  const std::string incomplete = !list.incomplete ? "" : zh ? "索引正在重建或无法读取，可能还有更多，请稍后再查。\n" : "The index is being rebuilt or does not read: there may be more; ask again later.\n";
  if (list.places.empty() && list.incomplete) return incomplete;
  if (list.places.empty()) return zh ? "没有损坏或不完整的数据。\n" : "Nothing is damaged or in doubt.\n";
  Table table({Table::Align::left, Table::Align::left, Table::Align::right, Table::Align::left, Table::Align::left});
  table.add(zh ? std::vector<std::string>{"位置", "约接收于", "字节", "检查", "原因"} : std::vector<std::string>{"PLACE", "CAME ABOUT", "BYTES", "EXAM", "WHY"});
  for (const auto& place : list.places) {
    const std::string why = place.doubtful ? (zh ? "断电时可能正在接收，无法判断是否已答复「成功」" : "perhaps arriving when the power went; nobody knows whether success was answered")
                                           : control::reason_words(place.reason, lang);
    table.add({place.place, place.about ? control::local_time(*place.about) : "-", std::to_string(place.bytes), place.study_uid.empty() ? "-" : place.study_uid, why});
  }
  std::string text = printable(table.text());
  text += incomplete;
  if (list.more) text += zh ? "还有更多，未列出。\n" : "There are more.\n";
  return text + (zh ? "\n请将该时间前后的检查与设备上的逐一核对，缺少的请重新发送；之后执行 sampan damage seen 位置（或 all），不再提示。数据本身不会删除。\n"
                    : "\nCompare the exams of that time with those on the modality, and send again what is missing; then sampan damage seen PLACE,\n"
                      "or all: it is not told any more. The bytes themselves stay.\n");
}

std::string show_drop(const DropAnswer& drop, Lang lang) {
  const bool zh = lang == Lang::zh;
  if (drop.all() == 0) return zh ? "没有数据等待发往该目的地。\n" : "Nothing is owed to it.\n";
  std::string text = drop.done ? (zh ? "已放弃目的地 " : "Dropped: ") : (zh ? "将放弃目的地 " : "To be dropped: ");
  text += printable(drop.destination) + "\n";
  const std::string least = drop.done || !drop.more ? "" : zh ? "至少 " : "at least ";
  const auto line = [&](const char* chinese, const char* english, std::uint64_t count) {
    if (count > 0) text += std::string("  ") + (zh ? chinese : english) + least + std::to_string(count) + "\n";
  };
  line("另有目的地的图像，照常发往该处：", "images that another destination has or is owed, which go on as before: ", drop.elsewhere);
  line("仅发往该处的图像，保留在本机，按现有路由另行安排：", "images that nobody else is owed, kept here and routed as the settings say now: ", drop.kept);
  line("仅发往该处的图像，将从本机永久删除：", "images that nobody else is owed, DELETED from this node for good: ", drop.given_up);
  line("本机副本损坏、本来就无法发送的图像：", "images damaged here, which could not be sent anyway: ", drop.damaged);
  line("设备事件和读数：", "events and samples: ", drop.telemetry);
  return text;
}

int run_damage(Session& session) {
  const std::string what = session.args.get("WHAT"), place = session.args.get("PLACE");
  return what == "seen" ? tell_seen(session, place) : show_places(session);
}

int run_drop(Session& session) {
  Heard heard = ask_drop(session, false);
  if (!heard.body) return heard.code;
  auto drop = control::parse_drop(*heard.body);
  if (!drop) return tell_trouble(session, drop.error());
  const bool empty = drop->all() == 0;
  if (!session.json) session.out << show_drop(*drop, session.lang) << std::flush;
  if (empty || !confirmed(session, drop->destination)) {
    if (session.json) session.out << *heard.body;
    return empty ? exit_good : exit_attention;
  }
  DropAnswer all;
  all.destination = drop->destination, all.done = true;
  for (bool more = true; more;) {
    heard = ask_drop(session, true);
    if (!heard.body) return heard.code;
    drop = control::parse_drop(*heard.body);
    if (!drop) return tell_trouble(session, drop.error());
    all.elsewhere += drop->elsewhere, all.kept += drop->kept, all.given_up += drop->given_up, all.damaged += drop->damaged, all.telemetry += drop->telemetry;
    more = drop->more;
    if (more && !session.json) session.out << session.say("已处理 ", "done so far: ") << all.all() << "\n" << std::flush;
  }
  session.out << (session.json ? control::drop_json(all) : show_drop(all, session.lang));
  return exit_good;
}

}  // namespace sampan::cli
