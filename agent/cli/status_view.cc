// SPDX-License-Identifier: Apache-2.0
#include "cli/status_view.h"

#include <algorithm>
#include <numeric>

#include "cli/table.h"
#include "control/folder_words.h"
#include "control/reason_words.h"

namespace sampan::cli {
namespace {

using namespace control;

constexpr std::size_t refused_shown = 3;
constexpr std::size_t reasons_shown = 3;

const char* say(Lang lang, const char* zh, const char* en) { return lang == Lang::zh ? zh : en; }
std::string number(std::uint64_t value) { return std::to_string(value); }
std::string age(WallTime now, WallTime then, Lang lang) {
  const std::string text = duration((now.ms - then.ms) / 1000, lang);
  return lang == Lang::zh ? text + "前" : text + " ago";
}

// What a node that is well is doing just now.
std::string good_news(const NodeStatus& status, Lang lang) {
  const auto& destinations = status.destinations;
  // What was just received, and is in no count yet, has not arrived either.
  const auto waiting = std::accumulate(destinations.begin(), destinations.end(), status.spool.uncounted,
                                       [](std::uint64_t sum, const DestinationStatus& d) { return sum + d.waiting; });
  // One image for two destinations waits twice.
  const bool several = std::ranges::count_if(destinations, [](const DestinationStatus& d) { return d.waiting > 0; }) > 1;
  const std::string count = number(waiting) + (several ? say(lang, "（各目的地分别计数）", ", each destination counted") : "");
  const bool cut_off = std::any_of(destinations.begin(), destinations.end(), [](const DestinationStatus& d) {
    return d.state == DestinationState::backing_off && d.waiting > 0;
  });
  if (cut_off)
    return lang == Lang::zh ? "图像已安全保存，网络恢复后自动续传，积压 " + count
                            : "images are safe here and go on when the network is back; waiting: " + count;
  const auto waits_for_window = [](const DestinationStatus& d) { return d.waiting == 0 || (d.window_closed && d.sending == 0 && !d.emergency_waiting_s); };
  if (waiting > status.spool.uncounted && std::ranges::all_of(destinations, waits_for_window))
    return lang == Lang::zh ? "图像正常接收，等待上传时段，积压 " + count
                            : "images are received and wait for their window; waiting: " + count;
  if (waiting > 0)
    return lang == Lang::zh ? "图像正常接收，正在上传，积压 " + count
                            : "images are received and on their way; waiting: " + count;
  if (status.intake.enabled && !status.intake.last_image)
    return say(lang, "已就绪，启动以来尚未收到图像", "ready; no image was received since the start");
  return say(lang, "图像正常接收，已全部送达", "images are received and all of them are delivered");
}

// The first line answers whether images arrive; the key to be kept elsewhere has the next one.
bool speaks_of_images(const NodeStatus& status) { return !status.attention.empty() && status.attention[0].code != "recovery_key_missing"; }

std::string headline(const NodeStatus& status, Lang lang) {
  std::string text = verdict_word(status.verdict, lang);
  text += say(lang, "：", ": ");
  if (!speaks_of_images(status)) return text + good_news(status, lang) + "\n";
  return text + (lang == Lang::zh ? status.attention[0].zh : status.attention[0].en) + "\n";
}

std::string titles(const IntakeStatus& intake) {
  std::string text;
  for (const std::string& title : intake.ae_titles) text += (text.empty() ? "" : ", ") + title;
  return text;
}

std::string folder_line(const FolderStatus& folder, WallTime now, Lang lang) {
  std::string text = say(lang, "目录 ", "folder ") + folder.path;
  if (!folder.trouble.empty())
    text += say(lang, "：", ": ") + folder_words(folder, lang);
  else if (folder.last_file)
    text += say(lang, "，最近一个文件 ", ", the last file ") + age(now, *folder.last_file, lang);
  else
    text += say(lang, "，启动以来尚无文件", ", no file since the start");
  if (folder.set_aside > 0) text += say(lang, "，未接收的文件 ", ", set aside: ") + number(folder.set_aside);
  return text;
}

void add_folders(Table& table, const NodeStatus& status, Lang lang) {
  for (const FolderStatus& folder : status.intake.folders) table.add({"", folder_line(folder, status.now, lang)});
}

void add_intake(Table& table, const NodeStatus& status, Lang lang) {
  const IntakeStatus& intake = status.intake;
  const char* label = say(lang, "接收", "Receiving");
  if (!intake.enabled) {
    table.add({label, intake.folders.empty() ? say(lang, "已关闭", "switched off")
                                             : say(lang, "DICOM 端口已关闭，仅从目录接收", "no DICOM port is open, only folders are read")});
    return add_folders(table, status, lang);
  }
  std::string count = lang == Lang::zh ? "本次启动以来 " + number(intake.received_total) + " 幅图像"
                                       : number(intake.received_total) + " images since the start";
  if (intake.last_image) count += say(lang, "，最近一幅 ", ", the last ") + age(status.now, *intake.last_image, lang);
  count += lang == Lang::zh ? "；当前连接 " + number(intake.associations_now)
                            : "; connections now: " + number(intake.associations_now);
  table.add({label, count});
  table.add({"", std::string(say(lang, "AE 标题 ", "AE title ")) + titles(intake) + say(lang, "，端口 ", ", port ") +
                     number(intake.port)});
  if (intake.commitments_open > 0)
    table.add({"", std::string(say(lang, "等待答复的存储承诺请求 ", "storage commitment asked for and not told yet: ")) +
                       number(intake.commitments_open) + say(lang, "，最久 ", ", up to ") + duration(intake.commitments_oldest_s, lang)});
  add_folders(table, status, lang);
}

// Of a destination that has answered nothing yet.
std::string never_reached(const DestinationStatus& destination, Lang lang) {
  if (destination.last_error.empty()) return destination.sending > 0 ? say(lang, "正在首次尝试", "being tried for the first time") : state_word(destination.state, lang);
  return say(lang, "尚未成功", "no success yet") + std::string(say(lang, "：", ": ")) + reason_words(destination.last_error, lang);
}

std::string connection(const DestinationStatus& destination, Lang lang) {
  if (destination.state == DestinationState::unknown) return never_reached(destination, lang);
  std::string text = state_word(destination.state, lang);
  const auto heard = [&] {
    if (!destination.last_contact_s) return;
    const std::string before = duration(*destination.last_contact_s, lang);
    text += lang == Lang::zh ? "；最近应答在 " + before + "前" : "; last contact " + before + " ago";
  };
  if (destination.state == DestinationState::up) return heard(), text;
  // It is asked while nothing is carried, and answered since.
  if (destination.state == DestinationState::backing_off && destination.last_contact_s.value_or(destination.state_age_s) < destination.state_age_s)
    text = say(lang, "有应答但无法送达", "answers, yet nothing gets through for");
  text += " " + duration(destination.state_age_s, lang);
  if (!destination.last_error.empty()) text += say(lang, "：", ": ") + reason_words(destination.last_error, lang);
  if (destination.next_attempt_in_s)
    text += lang == Lang::zh ? "；" + duration(*destination.next_attempt_in_s, lang) + "后重试"
                             : "; next try in " + duration(*destination.next_attempt_in_s, lang);
  heard();
  return text;
}

// Empty for a destination that gets none.
std::string telemetry_counts(const DestinationStatus& destination, Lang lang) {
  if (destination.telemetry_waiting + destination.telemetry_delivered == 0) return {};
  return say(lang, "事件和采样：积压 ", "events and samples: waiting ") + number(destination.telemetry_waiting) +
         say(lang, "，已送达 ", ", delivered ") + number(destination.telemetry_delivered);
}

std::string counts(const DestinationStatus& destination, Lang lang) {
  std::string text = say(lang, "积压 ", "waiting ") + number(destination.waiting);
  if (destination.waiting > 0)
    text += (lang == Lang::zh ? "（" : " (") + size(destination.waiting_bytes) + say(lang, "，最久 ", ", oldest ") +
            duration(destination.oldest_waiting_s, lang) + say(lang, "）", ")");
  const auto add = [&](const char* zh, const char* en, std::uint64_t count, bool always) {
    if (always || count > 0) text += std::string(say(lang, "，", ", ")) + say(lang, zh, en) + " " + number(count);
  };
  add("正在上传", "sending", destination.sending, false);
  add("已送达", "delivered", destination.delivered, true);
  add("已归档确认", "archived", destination.archived, destination.archived > 0 || !destination.proof.empty());
  if (destination.proof == "commitment") text += say(lang, "（存储承诺）", " (storage commitment)");
  if (destination.proof == "query") text += say(lang, "（查询确认）", " (found by query)");
  add("拒收", "rejected", destination.rejected, false);
  add("暂停", "on hold", destination.on_hold, false);
  return text;
}

void add_reasons(Table& table, const std::vector<ReasonCount>& reasons, const char* what, Lang lang) {
  for (std::size_t i = 0; i < std::min(reasons.size(), reasons_shown); ++i)
    table.add({"", "  " + std::string(what) + " " + number(reasons[i].items) + say(lang, "：", ": ") + reason_words(reasons[i].reason, lang)});
}

// What is said of the destination as a whole is not said again of its images.
std::vector<ReasonCount> tried_in_vain(const DestinationStatus& destination) {
  std::vector<ReasonCount> reasons;
  for (const ReasonCount& one : destination.waiting_reasons) {
    const bool of_the_class = std::ranges::find(destination.blocked_classes, one.reason, &BlockedClass::reason) != destination.blocked_classes.end();
    const bool of_all = destination.state != DestinationState::up && one.reason == destination.last_error;
    if (!of_all && !of_the_class) reasons.push_back(one);
  }
  return reasons;
}

void add_destinations(Table& table, const NodeStatus& status, Lang lang) {
  const char* label = say(lang, "上传", "Uploading");
  for (const DestinationStatus& destination : status.destinations) {
    table.add({label, destination.name + "  " + destination.address + "  " + connection(destination, lang)});
    const std::string telemetry = telemetry_counts(destination, lang);
    if (destination.courier != "http" || telemetry.empty()) table.add({"", counts(destination, lang)});
    if (!telemetry.empty()) table.add({"", telemetry});
    if (destination.window_closed)
      table.add({"", window_words(destination.window_opens, status.now, lang) + say(lang, "；急诊随时上传", "; emergencies go at any time")});
    add_reasons(table, tried_in_vain(destination), say(lang, "尚未成功", "tried in vain"), lang);
    add_reasons(table, destination.rejected_reasons, say(lang, "拒收", "rejected"), lang);
    add_reasons(table, destination.on_hold_reasons, say(lang, "暂停", "on hold"), lang);
    label = "";
  }
}

void add_disk(Table& table, const NodeStatus& status, Lang lang) {
  const SpoolStatus& spool = status.spool;
  table.add({say(lang, "磁盘", "Disk"),
             lang == Lang::zh ? "剩余 " + size(spool.disk_free_bytes) + "，共 " + size(spool.disk_total_bytes) +
                                    "；本机保存 " + number(spool.items) + " 项，" + size(spool.bytes)
                              : size(spool.disk_free_bytes) + " of " + size(spool.disk_total_bytes) +
                                    " free; kept here: " + number(spool.items) + " items, " + size(spool.bytes)});
  if (!spool.disk_lasts_s) return;
  const std::string rate = size(spool.intake_bytes_per_day), room = room_words(*spool.disk_lasts_s, spool.disk_lasts_guess, lang);
  table.add({"", lang == Lang::zh ? "近日每天接收 " + rate + "；" + room : "lately " + rate + " a day came; " + room});
}

std::vector<std::string> key_lines(const KeyStatus& key, Lang lang) {
  std::vector<std::string> lines;
  if (key.protected_by == "credential")
    lines.push_back(say(lang, "由服务管理器的凭据保护；凭据是否由 TPM 封存，本程序无从得知",
                        "protected by a credential of the service manager; whether a TPM seals that is not visible from here"));
  else if (key.protected_by == "file")
    lines.push_back(say(lang, "由本机磁盘上的密钥文件保护：得到整块磁盘的人能读出图像",
                        "protected by a key file on this disk: whoever has the whole disk can read the images"));
  if (key.recovery == "handed_out" && key.recovery_made)
    lines.push_back(say(lang, "恢复密钥已于 ", "recovery key handed out ") + local_time(*key.recovery_made) + say(lang, " 交出", ""));
  else if (key.recovery == "none" || key.recovery == "made")
    lines.push_back(say(lang, "恢复密钥尚未交出", "no recovery key was handed out"));
  if (!key.memory_locked) lines.push_back(say(lang, "密钥未能锁定在内存中，可能被换出到磁盘", "the keys could not be locked in memory, and may be swapped out"));
  if (key.images_may_be_swapped)
    lines.push_back(say(lang, "内存中的图像可能被换出到磁盘：请用随包的 systemd 单元运行，或加密交换分区",
                        "images in memory may be swapped out to the disk: run under the systemd unit of the package, or encrypt the swap space"));
  return lines;
}

void add_key(Table& table, const NodeStatus& status, Lang lang) {
  const char* label = say(lang, "密钥", "Key");
  for (const std::string& line : key_lines(status.key, lang)) table.add({label, line}), label = "";
}

void add_refused(Table& table, const NodeStatus& status, Lang lang) {
  const auto& refused = status.intake.refused;
  const char* label = say(lang, "被拒连接", "Refused");
  for (std::size_t i = 0; i < std::min(refused.size(), refused_shown); ++i) {
    const RefusedCaller& caller = refused[refused.size() - 1 - i];
    table.add({label, local_time(caller.time) + "  " + caller.calling + " (" + caller.address + ") -> " +
                          caller.called + say(lang, "：", ": ") + reason_words(caller.reason, lang)});
    label = "";
  }
}

std::string advice(const NodeStatus& status, Lang lang) {
  if (status.attention.empty()) return {};
  std::string text;
  for (std::size_t i = speaks_of_images(status) ? 1 : 0; i < status.attention.size(); ++i) {
    const Finding& finding = status.attention[i];
    text += std::string(text.empty() ? "\n" : "") + verdict_word(finding.severity, lang) + say(lang, "：", ": ") +
            (lang == Lang::zh ? finding.zh : finding.en) + "\n";
  }
  const Finding& first = status.attention[0];
  return text + "\n" + say(lang, "现在请做：", "Do this now: ") +
         (lang == Lang::zh ? first.action_zh : first.action_en) + "\n";
}

// What is told of destinations may be of a while ago.
std::string as_of(const NodeStatus& status, Lang lang) {
  if (!status.destinations_age_s) return "";
  const std::string age = duration(*status.destinations_age_s, lang);
  return say(lang, "，目的地的状态为 ", "; what is said of destinations is as of ") + age + say(lang, "前", " ago");
}

}  // namespace

const char* verdict_word(Verdict verdict, Lang lang) {
  switch (verdict) {
    case Verdict::good:
      return say(lang, "正常", "Good");
    case Verdict::attention:
      return say(lang, "注意", "Attention");
    case Verdict::failure:
      return say(lang, "故障", "Failure");
  }
  return "";
}

const char* state_word(DestinationState state, Lang lang) {
  switch (state) {
    case DestinationState::unknown:
      return say(lang, "尚未连接", "not tried yet");
    case DestinationState::up:
      return say(lang, "连接正常", "reachable");
    case DestinationState::backing_off:
      return say(lang, "无法连接", "out of reach for");
    case DestinationState::stopped:
      return say(lang, "已停止", "stopped for");
  }
  return "";
}

std::string key_words(const KeyStatus& key, Lang lang) {
  std::string text;
  for (const std::string& line : key_lines(key, lang)) text += line + "\n";
  text += say(lang, "节点密钥数 ", "node keys: ") + number(key.node_keys);
  if (key.newest_made) text += say(lang, "，最新的生成于 ", ", the newest made ") + local_time(*key.newest_made);
  return printable(text + "\n");
}

std::string show_status(const NodeStatus& status, Lang lang) {
  Table table({Table::Align::left, Table::Align::left});
  add_intake(table, status, lang);
  add_destinations(table, status, lang);
  add_disk(table, status, lang);
  add_key(table, status, lang);
  add_refused(table, status, lang);
  const std::string who = status.site + "  sampan " + status.version + "  " + say(lang, "已运行 ", "running for ") +
                          duration(status.uptime_s, lang) + as_of(status, lang);
  return printable(headline(status, lang) + who + "\n\n" + table.text() + advice(status, lang));
}

}  // namespace sampan::cli
