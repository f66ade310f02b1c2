// SPDX-License-Identifier: Apache-2.0
#include "telemetry/event_words.h"

#include <algorithm>
#include <array>

#include "base/panic.h"
#include "core/remedies.h"

namespace sampan::telemetry {
namespace {

using enum Severity;

constexpr std::array table{
    EventRow{"agent.started", info, "sampan {version} started, {before}", "sampan {version} 已启动，{before}", "", ""},
    EventRow{"device.new", info, "A device sends for the first time: {manufacturer} {model}, serial {serial}, as {ae_title} from {address}",
             "首次收到该设备的图像：{manufacturer} {model}，序列号 {serial}，AE {ae_title}，地址 {address}",
             "If nobody knows this device, find out who connected it.", "若无人认识该设备，请查明由谁接入。"},
    EventRow{"device.changed", info, "{manufacturer} {model}: the {changed} is another one; before: {before}",
             "{manufacturer} {model}：{changed}已变更，之前为 {before}",
             "After a repair or an update this is expected; otherwise ask the service engineer.",
             "维修或升级后属正常；否则请询问维修工程师。"},
    EventRow{"security.unknown_ae", warning, "Refused: \"{ae_title}\" from {address}, {count} times so far: {reason}",
             "已拒绝「{ae_title}」（{address}），累计 {count} 次：{reason}",
             "Check the AE title on the modality (case matters); a new device belongs in intake.callers.",
             "请核对设备上的 AE 标题（区分大小写）；若是新设备，请加入配置 intake.callers。"},
    EventRow{"assoc.rejected", warning, "A connection from {address} was refused, {count} times so far: {reason}",
             "已拒绝来自 {address} 的连接，累计 {count} 次：{reason}", "Check AE titles, port and TLS on the modality.",
             "请核对设备上的 AE 标题、端口和 TLS 设置。"},
    EventRow{"dest.down", warning, "", "", "", ""},  // remedies.h
    EventRow{"dest.up", info, "Destination {dest} is reachable again, after {seconds} s", "目的地 {dest} 已恢复，中断 {seconds} 秒", "", ""},
    EventRow{"dest.auth_failed", critical, "", "", "", ""},
    EventRow{"dest.class_blocked", warning, "{dest} does not take this kind of image: {sop_class} in {transfer_syntax}: {reason}",
             "{dest} 不接受这类图像：{sop_class}，传输语法 {transfer_syntax}：{reason}",
             "Ask the lead hospital to enable it; the images then go on by themselves.", "请让牵头医院启用该图像类型；启用后自动续传。"},
    EventRow{"dest.class_unblocked", info, "{dest} takes this kind of image again: {sop_class}", "{dest} 已恢复接受这类图像：{sop_class}", "", ""},
    EventRow{"dest.detour", warning, "{dest} does not get through, its images go to {to} meanwhile", "{dest} 长时间无法送达，图像改送 {to}",
             "Nothing to do: they go to it again by themselves when it answers. Ask the lead hospital.",
             "无需操作，恢复后自动照常；请询问牵头医院。"},
    EventRow{"dest.no_proof", warning, "{dest} cannot prove that it keeps images, so all copies stay here", "{dest} 无法证明已归档，本机副本一直保留",
             "Ask the lead hospital for storage commitment or query; or choose reclaim_after: accepted and retention_days for it.",
             "请让牵头医院启用存储承诺或查询；或在配置中为该目的地设置 reclaim_after: accepted 和 retention_days。"},
    EventRow{"dest.unproven", warning, "{dest} accepted images more than a day ago and has not proven that it keeps them, so the copies stay here",
             "{dest} 接收图像已超过一天，仍未证明归档，本机副本一直保留",
             "Ask the lead hospital whether its reports of storage commitment reach this node, or whether it answers queries.",
             "请询问牵头医院：其存储承诺报告能否送达本机，或能否查询图像。"},
    EventRow{"dest.lost_often", warning, "{dest} accepted images and then did not have them, again and again: {images}; still sent again",
             "{images} 幅图像多次送达 {dest} 后又被其告知没有，本机仍在反复重发",
             "The images are safe here. Ask the lead hospital to look at its archive's storage.", "图像在本机安全保存。请让牵头医院检查其归档存储。"},
    EventRow{"route.none", warning, "Images here that are sent nowhere: {waiting}; no route takes them, or their destination is not in the settings any more",
             "{waiting} 幅图像未发往任何目的地：不符合任何路由规则，或其目的地已不在配置中",
             "Add a rule for them to routes in the settings, or give the destination its name again; sampan status says which.",
             "请在配置的 routes 中加入适用的规则，或恢复该目的地的名称；详见 sampan status。"},
    EventRow{"spool.doubtful", warning,
             "Incomplete where it ends, perhaps acknowledged before the power went: {places}; the index was lost as well, so nobody knows",
             "有 {places} 处数据不完整：可能在接收时断电，而索引也已丢失，无法判断当时是否已答复设备「成功」",
             "Compare the exams from around the power cut with those on the modality, and send again what is missing; then: sampan damage seen all.",
             "请将断电前后的检查与设备上的逐一核对，缺少的请重新发送；之后执行 sampan damage seen all。"},
    EventRow{"spool.seen", info, "Looked at by {by}, and not told any more: {places} damaged or doubtful places", "{by} 已核对 {places} 处损坏或不完整的数据，不再提示", "", ""},
    EventRow{"dest.dropped", warning, "{dest} was dropped by {by}: images that were owed to nobody else, kept: {kept}, given up: {given_up}",
             "{by} 已放弃目的地 {dest}：仅发往该处的图像，保留 {kept} 幅，放弃 {given_up} 幅",
             "If that was a mistake, give the destination its name back in the settings, and sampan push sends it what was kept.",
             "若属误操作，请在配置中恢复该名称，再用 sampan push 发送保留的图像。"},
    EventRow{"disk.low", warning, "The disk has {free_percent} % free; with nothing leaving there is room for {hours} h",
             "磁盘剩余 {free_percent}%；即使完全无法上传，还可接收 {hours} 小时", "Free disk space; delete nothing in the state directory by hand.",
             "请腾出磁盘空间；不要手动删除数据目录中的文件。"},
    EventRow{"disk.critical", critical, "The disk has only {free_percent} % free; images are refused when it is full",
             "磁盘仅剩 {free_percent}%；用满后将停止接收图像", "Free disk space now; delete nothing in the state directory by hand.",
             "请立即腾出磁盘空间；不要手动删除数据目录中的文件。"},
    EventRow{"disk.ok", info, "The disk has room again: {free_percent} % free", "磁盘空间已恢复：剩余 {free_percent}%", "", ""},
    EventRow{"clock.step", warning, "The clock of this machine jumped by {seconds} s", "本机时钟跳变 {seconds} 秒",
             "After sleep this is expected; otherwise check time synchronisation and the battery of the mainboard. Images lose nothing by it.",
             "休眠之后属正常；否则请检查时间同步和主板电池。图像不受影响。"},
    EventRow{"instance.quarantined", warning, "Set aside ({count}): {reason}", "已隔离 {count} 项：{reason}",
             "Check the disk, and send these exams again from the modality.", "请检查磁盘，并在设备上重新发送这些检查。"},
    EventRow{"instance.conflict", warning, "Images under a UID that another image has: {count}; both are kept, on hold",
             "{count} 幅图像与已有图像 UID 相同而内容不同；均已保留并暂停", "Look at these images and decide whether they go on.",
             "请核对这些图像后决定是否继续上传。"},
    EventRow{"instance.lost", warning, "{dest} lost images that it had accepted, {count} so far; they are sent again: {reason}",
             "{dest} 丢失了已接收的图像，累计 {count} 幅，正在重发：{reason}",
             "Nothing to do here. Ask the lead hospital whether its archive was restored from a backup.",
             "本机无需操作。请询问牵头医院的归档系统是否曾从备份恢复。"},
    EventRow{"instance.rejected", warning, "{dest} refused for good, {count} times so far: {reason}", "{dest} 已拒收，累计 {count} 次：{reason}",
             "Tell the lead hospital the reason; sampan queue shows how many wait for a person.",
             "请把原因告知牵头医院；sampan queue 显示待人工处理的数量。"},
    EventRow{"study.incomplete", warning, "{count} files that a DICOMDIR in {folder} names did not come", "{folder} 中的 DICOMDIR 所列文件有 {count} 个未到",
             "What came is taken. Copy the medium once more, whole.", "已到的文件均已接收。请把该介质完整地再复制一次。"},
    EventRow{"telemetry.dropped", warning, "Telemetry was dropped ({count}): {reason}", "已丢弃 {count} 项遥测数据：{reason}",
             "No image is concerned. The connection was away too long, or the disk is full.", "与图像无关。原因是断网过久或磁盘已满。"},
};

// In the place of a row, where the event is of the folder or has the reason.
constexpr EventRow file_not_taken{"instance.quarantined", warning, "Files in {folder} that are not taken ({count}): {reason}",
                                  "{folder} 中有 {count} 个文件未接收：{reason}",
                                  "They are kept in .sampan-rejected there, each with a note. Export them again on the device; what is no image may be removed.",
                                  "文件已原样移至其下的 .sampan-rejected 并附说明。请在设备上重新导出；不是图像的文件可删除。"};
constexpr EventRow refused_for_room{"assoc.rejected", warning, "A device at {address} was refused for want of room here, {count} times so far: {reason}",
                                    "因本机没有空间，已拒绝设备 {address} 的连接，累计 {count} 次：{reason}",
                                    "Nothing to change on the modality. Free disk space here, keep the images there, and send them again after.",
                                    "设备无需改动。请为本机腾出磁盘空间；设备上的图像不要删除，恢复后重新发送。"};

struct Word {
  std::string_view value, en, zh;
};
constexpr std::array words{
    Word{"first", "for the first time", "首次运行"},
    Word{"stopped", "after it was stopped", "此前正常停止"},
    Word{"unclean", "after it was cut off (power, crash or kill)", "此前异常中断（断电、崩溃或被终止）"},
    Word{"upgraded", "another version than before", "版本已变更"},
    Word{"serial", "serial number", "序列号"},
    Word{"software", "software", "软件"},
    Word{"detector", "detector", "探测器"},
    Word{"what is stored does not verify", "what is stored does not verify", "存储内容校验不符"},
    Word{"happenings came faster than they were looked at", "happenings came faster than they were looked at", "事件过多，来不及处理"},
    Word{"samples waited beyond their bound", "samples waited beyond their bound", "采样等待过久"},
};

enum class Tongue { en, zh };

std::string in_tongue(const std::string& name, const std::string& value, Tongue tongue, InChinese in_chinese) {
  const auto word = std::find_if(words.begin(), words.end(), [&](const Word& w) { return w.value == value; });
  if (word != words.end()) return std::string(tongue == Tongue::zh ? word->zh : word->en);
  return tongue == Tongue::zh && in_chinese != nullptr && name == "reason" ? in_chinese(value) : value;
}

std::string fill(std::string_view sentence, const Event& event, Tongue tongue, InChinese in_chinese) {
  std::string text;
  while (!sentence.empty()) {
    const auto open = sentence.find('{');
    text += sentence.substr(0, open);
    if (open == sentence.npos) break;
    const auto close = sentence.find('}', open);
    SAMPAN_ASSERT(close != sentence.npos);
    const std::string name(sentence.substr(open + 1, close - open - 1));
    const auto value = event.attributes.find(name);
    if (name == "count")
      text += std::to_string(event.count);
    else
      text += value == event.attributes.end() || value->second.empty() ? "?" : in_tongue(name, value->second, tongue, in_chinese);
    sentence.remove_prefix(close + 1);
  }
  return text;
}

// The sentences of an event, not yet filled: its row's, or those that fit its reason.
EventRow sentences_of(const Event& event) {
  EventRow row = find_event(event.name);
  const auto found = event.attributes.find("reason");
  const std::string_view reason = found == event.attributes.end() ? std::string_view() : found->second;
  const auto take = [&row](const core::Remedy& remedy) { row.en = remedy.en, row.zh = remedy.zh, row.action_en = remedy.action_en, row.action_zh = remedy.action_zh; };
  if (row.name == "dest.auth_failed") take(core::remedy_stopped(reason));
  if (row.name == "dest.down") take(core::remedy_away(reason, false));
  if (row.name == file_not_taken.name && event.attributes.contains("folder")) return file_not_taken;
  if (row.name == refused_for_room.name && reason.find(no_room) != reason.npos) return refused_for_room;
  return row;
}

bool is_of_remedies(std::string_view name) { return name == "dest.auth_failed" || name == "dest.down"; }

}  // namespace

std::span<const EventRow> event_table() { return table; }

const EventRow& find_event(std::string_view name) {
  const auto row = std::find_if(table.begin(), table.end(), [name](const EventRow& r) { return r.name == name; });
  SAMPAN_ASSERT(row != table.end());
  return *row;
}

EventWords words_of(const Event& event, InChinese in_chinese) {
  const EventRow row = sentences_of(event);
  const bool reasoned = is_of_remedies(event.name);
  return {fill(row.en, event, Tongue::en, nullptr) + fill(reasoned ? ": {reason}" : "", event, Tongue::en, nullptr),
          fill(row.zh, event, Tongue::zh, in_chinese) + fill(reasoned ? "：{reason}" : "", event, Tongue::zh, in_chinese),
          fill(row.action_en, event, Tongue::en, nullptr), fill(row.action_zh, event, Tongue::zh, in_chinese)};
}

}  // namespace sampan::telemetry
