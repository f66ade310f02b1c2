// SPDX-License-Identifier: Apache-2.0
#include "cli/telemetry_verbs.h"

#include <algorithm>
#include <ostream>
#include <set>
#include <string_view>

#include "cli/ask.h"
#include "cli/table.h"
#include "control/reason_words.h"

namespace sampan::cli {
namespace {

using namespace control;
using Align = Table::Align;

const char* say(Lang lang, const char* zh, const char* en) { return lang == Lang::zh ? zh : en; }

const char* severity_word(const std::string& severity, Lang lang) {
  if (severity == "critical") return say(lang, "故障", "critical");
  return severity == "warning" ? say(lang, "注意", "warning") : say(lang, "信息", "info");
}

std::string named(const std::string& first, const std::string& second) {
  return first + (first.empty() || second.empty() ? "" : " ") + second;
}

const std::string& in(Lang lang, const std::string& zh, const std::string& en) { return lang == Lang::zh ? zh : en; }

std::string refused_line(const KnownCaller& caller, Lang lang) {
  const std::string who = "\"" + caller.ae_title + "\" (" + caller.address + ")";
  const std::string count = std::to_string(caller.refused);
  return lang == Lang::zh ? who + " 被拒绝 " + count + " 次，最近 " + local_time(caller.last_refused) + "：" + reason_words(caller.refused_reason, lang) + "\n"
                          : who + " refused " + count + " times, last " + local_time(caller.last_refused) + ": " + caller.refused_reason + "\n";
}

// Both sentences end in the reason, as it came.
std::string sentence(const Told& told, Lang lang) {
  if (lang == Lang::en) return reason_words(told.en, lang);
  constexpr std::string_view colon = "：";
  for (std::size_t at = told.zh.find(colon); at != std::string::npos; at = told.zh.find(colon, at + 1)) {
    const std::string reason = told.zh.substr(at + colon.size());
    if (told.en.ends_with(": " + reason)) return told.zh.substr(0, at + colon.size()) + reason_words(reason, lang);
  }
  return told.zh;
}

int severity_code(const std::vector<Told>& open) {
  int code = exit_good;
  for (const Told& told : open) {
    if (told.severity == "critical") code = std::max<int>(code, exit_failure);
    if (told.severity == "warning") code = std::max<int>(code, exit_attention);
  }
  return code;
}

}  // namespace

std::string show_devices(const Inventory& inventory, Lang lang) {
  Table table({Align::left, Align::left, Align::left, Align::left, Align::left, Align::right, Align::right});
  table.add({say(lang, "设备", "device"), say(lang, "序列号", "serial"), say(lang, "软件", "software"), "AE",
             say(lang, "最近图像", "last image"), say(lang, "今日", "today"), say(lang, "被拒", "refused")});
  std::set<std::pair<std::string, std::string>> told;  // devices behind one AE title and address share its refusals
  const auto refused = [&](const KnownDevice& device) -> std::string {
    if (device.refused == 0) return ".";
    return told.emplace(device.ae_title, device.address).second ? std::to_string(device.refused) : say(lang, "同上", "as above");
  };
  for (const KnownDevice& device : inventory.devices)
    table.add({named(device.manufacturer, device.model), device.serial, device.software, device.ae_title + " @ " + device.address,
               local_time(device.last_image), std::to_string(device.images_today), refused(device)});
  std::string text = inventory.devices.empty() ? say(lang, "尚未收到任何设备的图像。\n", "No device has sent an image yet.\n") : table.text();
  bool first = true;
  for (const KnownCaller& caller : inventory.callers) {
    if (caller.refused == 0) continue;
    if (std::exchange(first, false)) text += say(lang, "\n被拒绝的连接\n", "\nRefused callers\n");
    text += refused_line(caller, lang);
  }
  if (!first)
    text += say(lang, "请核对设备上的 AE 标题（区分大小写）、IP 和端口；若是新设备，请加入配置 intake.callers。\n",
                "Check AE titles (case matters), IP and port on the modality; a new device belongs in intake.callers.\n");
  return printable(text);
}

std::string show_events(const Happenings& happenings, Lang lang) {
  Table table({Align::left, Align::left, Align::left});
  for (const Told& told : happenings.events) {
    const bool closed = told.state == "closed" && told.event != "dest.up" && told.event != "dest.class_unblocked" && told.event != "disk.ok";
    table.add({local_time(told.time), closed ? say(lang, "结束", "over") : severity_word(told.severity, lang), sentence(told, lang)});
  }
  std::string text = happenings.events.empty() ? say(lang, "没有事件。\n", "Nothing happened.\n") : table.text();
  for (const Told& told : happenings.open) {
    if (&told == &happenings.open.front()) text += say(lang, "\n尚未解决\n", "\nStill open\n");
    text += std::string(severity_word(told.severity, lang)) + say(lang, "：", ": ") + sentence(told, lang) +
            say(lang, "，自 ", ", since ") + local_time(told.time) + "\n";
    if (!told.action_en.empty()) text += std::string("  ") + in(lang, told.action_zh, told.action_en) + "\n";
  }
  return printable(text);
}

// Who was refused long ago is still shown, and no trouble of today.
int judge_devices(const Inventory& inventory) {
  const bool well = !inventory.devices.empty() && std::ranges::none_of(inventory.callers, &KnownCaller::refused_lately);
  return well ? exit_good : exit_attention;
}

int run_devices(Session& session) {
  const Heard heard = ask(session, "/v1/devices");
  if (!heard.body) return heard.code;
  const auto inventory = parse_devices(*heard.body);
  if (!inventory) return tell_trouble(session, inventory.error());
  session.out << (session.json ? *heard.body : show_devices(*inventory, session.lang));
  return judge_devices(*inventory);
}

int run_events(Session& session) {
  const Heard heard =
      ask(session, target("/v1/events", {{"since", session.args.get("--since")}, {"limit", session.args.get("--limit")}}));
  if (!heard.body) return heard.code;
  const auto happenings = parse_events(*heard.body);
  if (!happenings) return tell_trouble(session, happenings.error());
  session.out << (session.json ? *heard.body : show_events(*happenings, session.lang));
  return severity_code(happenings->open);
}

}  // namespace sampan::cli
