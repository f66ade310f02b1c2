// SPDX-License-Identifier: Apache-2.0
#include "control/attention.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "control/attention_disk.h"
#include "control/attention_folders.h"
#include "control/folder_words.h"
#include "control/reason_words.h"
#include "core/limits.h"
#include "core/remedies.h"

namespace sampan::control {
namespace {

// A network that fails every day is no news for the first minutes; images that stay for an hour are.
constexpr std::int64_t unreachable_attention_s = 5 * 60;
constexpr std::int64_t unreachable_failure_s = 60 * 60;
constexpr std::int64_t waiting_attention_s = 30 * 60;
constexpr std::int64_t refused_recently_ms = Millis(core::limits::refused_shown_time).count();

constexpr std::size_t exams_in_words = 3;

using Findings = std::vector<Finding>;

std::string number(std::uint64_t value) { return std::to_string(value); }
std::string images(std::uint64_t count) { return number(count) + (count == 1 ? " image" : " images"); }
// A reason in brackets, or nothing.
std::string because(const std::string& reason) { return reason.empty() ? "" : ": " + reason_words(reason, Lang::en); }
std::string because_zh(const std::string& reason) { return reason.empty() ? "" : "，原因：" + reason_words(reason, Lang::zh); }

void look_at_intake(const NodeStatus& status, Findings& out) {
  const IntakeStatus& intake = status.intake;
  if (!intake.enabled || intake.accepting) return;
  const auto [action_zh, action_en] = refusing_action(status);
  out.push_back({"intake_refusing", Verdict::failure, "本机暂停接收新图像" + because_zh(intake.refusing_reason),
                 "New images are refused" + because(intake.refusing_reason), action_zh + "设备上的图像不要删除，恢复后重新发送。",
                 action_en + " Keep the images on the modality and send them again after."});
}

void look_at_commitments(const NodeStatus& status, Findings& out) {
  const IntakeStatus& intake = status.intake;
  if (intake.commitments_untold == 0) return;
  const bool unnamed = intake.commitments_error.find(no_report_address) != std::string::npos;
  out.push_back({"commitment_untold", Verdict::attention,
                 number(intake.commitments_untold) + " 个存储承诺请求尚未能答复设备" + because_zh(intake.commitments_error),
                 "Requests for storage commitment whose answer does not reach the modality: " + number(intake.commitments_untold) +
                     because(intake.commitments_error),
                 std::string("所问的图像未必都已收到：设备得到答复之前，请勿删除设备上的图像。") +
                     (unnamed ? "请在配置 intake.report_to 中填写设备的 AE 标题和监听地址。" : "请检查设备是否开机，并在 intake.report_to 所填的地址上监听。"),
                 std::string("Some of the images it asks about may never have arrived: delete none of them on the modality before it is answered. ") +
                     (unnamed ? "Name the modality's AE title and address in intake.report_to." : "See that it is on and listens at its address in intake.report_to.")});
}

// What a person does about a caller who was turned away, by the reason that intake/refusals gives.
std::pair<std::string, std::string> caller_action(const std::string& reason) {
  const auto says = [&](const char* words) { return reason.find(words) != std::string::npos; };
  if (says("no room for images") || says("cannot take images just now"))
    return {"设备无需改动：本机恢复接收后，请在设备上重新发送。", "Nothing to change on the modality: send again from it once this node takes images."};
  if (says("associations") || says("too many connections"))
    return {"请稍后在设备上重新发送；若常发生，请减少设备的并发连接，或调高配置 intake 的连接数上限。",
            "Send again later; if it comes often, have the device open fewer connections at once, or raise the limits of intake."};
  if (says("TLS") || says("HTTP") || says("does not speak DICOM") || says("application that is not DICOM"))
    return {"请核对该设备所填的端口和协议。", "Check the port and the protocol that the device is set to."};
  if (says("only for services or transfer syntaxes"))
    return {"请在设备上启用标准的图像存储服务和传输语法。", "Switch on the usual storage services and transfer syntaxes on the modality."};
  if (says("malformed") || says("did not arrive in time") || says("without asking") || says("never asked") || says("left during") || says("too large"))
    return {"请检查设备和到设备的网线；若来自扫描或监控程序，可忽略。",
            "Check the device and its cable; where it is a scanner or a monitoring program, it may be ignored."};
  return {"请核对设备上的 AE 标题（区分大小写）、IP 和端口；若是新设备，请加入配置 intake.callers。",
          "Check AE titles (case matters), IP and port on the modality; a new device belongs in intake.callers."};
}

void look_at_refused(const NodeStatus& status, Findings& out) {
  const auto& refused = status.intake.refused;
  const auto recent = std::count_if(refused.begin(), refused.end(), [&](const RefusedCaller& r) {
    return r.time.ms >= status.now.ms - refused_recently_ms;
  });
  if (recent == 0) return;
  const RefusedCaller& last = refused.back();
  const auto [action_zh, action_en] = caller_action(last.reason);
  const std::string who = "\"" + last.calling + "\" (" + last.address + ")";
  out.push_back(
      {"caller_refused", Verdict::attention,
       "近 2 小时拒绝了 " + std::to_string(recent) + " 次连接，最近一次来自「" + last.calling + "」(" + last.address +
           ")，呼叫「" + last.called + "」" + because_zh(last.reason),
       "Connections refused in the last 2 hours: " + std::to_string(recent) + ", the last from " + who + " to \"" +
           last.called + "\"" + because(last.reason),
       action_zh, action_en});
}

// What is damaged here can go nowhere; the modality may still have it.
void look_at_quarantined(const SpoolStatus& spool, Findings& out) {
  if (spool.quarantined == 0) return;
  std::string exams;
  for (const std::string& study : spool.quarantined_exams) exams += (exams.empty() ? "" : ", ") + study;
  const std::string named_zh = exams.empty() ? "" : "；检查 " + exams, named_en = exams.empty() ? "" : "; exams " + exams;
  out.push_back({"quarantined", Verdict::attention, number(spool.quarantined) + " 项数据损坏已隔离，无法上传，磁盘可能有故障" + named_zh,
                 "Damaged on the disk, set aside, and not to be sent: " + number(spool.quarantined) + named_en,
                 exams.empty() ? "请在设备上重新发送这些检查，并检查磁盘（dmesg）；sampan damage 列出位置，核对后可不再提示。"
                               : "请在设备上重新发送这些检查（sampan trace 加编号可查看），并检查磁盘（dmesg）；sampan damage 列出位置，核对后可不再提示。",
                 exams.empty() ? "Send these exams again from the modality, and check the disk (dmesg); sampan damage lists them, and ends this when you are done."
                               : "Send these exams again from the modality (sampan trace and the number shows which), and check the disk (dmesg); sampan damage "
                                 "lists them, and ends this when you are done."});
}

// What is sound as far as anybody knows, but did not read.
void look_at_unreadable(const NodeStatus& status, Findings& out) {
  const SpoolStatus& spool = status.spool;
  if (spool.denied + spool.unreadable == 0) return;
  const bool theirs = !spool.stranger_file.empty();
  const std::string whose_zh = theirs ? "；" + spool.stranger_file + " 属于用户 " + spool.stranger_owner + "，而本机以 " + spool.own_user + " 运行" : "";
  const std::string whose_en = theirs ? "; " + spool.stranger_file + " belongs to " + spool.stranger_owner + ", and this node runs as " + spool.own_user : "";
  const std::string command = "sudo chown -R " + spool.own_user + ": " + status.state_directory + " && sudo systemctl restart sampand";
  const std::string action_zh = theirs ? "请执行：" + command + "。" : "请检查磁盘（dmesg）和文件系统；不要删除 " + status.state_directory + " 中的文件。读出后自动上传。";
  const std::string action_en = theirs ? "Give them back: " + command + "."
                                       : "Check the disk (dmesg) and its file system; delete nothing in " + status.state_directory + ". They go by themselves once they read.";
  if (spool.denied > 0)
    out.push_back({"denied", Verdict::failure, "存储目录中有 " + number(spool.denied) + " 个文件本机无权打开，其中的图像未计入任何数目" + whose_zh,
                   "Files in the spool that this node may not open, so that the images in them are in no count: " + number(spool.denied) + whose_en, action_zh, action_en});
  if (spool.unreadable > 0)
    out.push_back({"unreadable", Verdict::failure, number(spool.unreadable) + " 幅图像无法从磁盘读出，不能上传" + because_zh(spool.unreadable_reason) + whose_zh,
                   images(spool.unreadable) + " cannot be read from the disk and do not leave" + because(spool.unreadable_reason) + whose_en, action_zh, action_en});
}

void look_at_spool(const NodeStatus& status, Findings& out) {
  const SpoolStatus& spool = status.spool;
  if (spool.unanswered)
    out.push_back({"index_unanswered", Verdict::failure, "索引无法读取，此处的数目不全，不能据此判断图像是否已送达；已答复设备「成功」的图像仍在磁盘上",
                   "The index does not read, so that more may wait than is counted here; what the modality was told success for is on the disk",
                   "请检查磁盘（dmesg）；若一直如此，请执行 sudo systemctl restart sampand，损坏的索引会从存储目录重建。",
                   "Check the disk (dmesg); where it stays so: sudo systemctl restart sampand, which builds a damaged index anew from the spool."});
  if (spool.doubtful > 0)
    out.push_back({"doubtful", Verdict::attention,
                   "有 " + number(spool.doubtful) + " 处数据不完整：可能在接收时断电，而索引也已丢失，无法判断当时是否已答复设备「成功」",
                   "Incomplete where it ends: " + number(spool.doubtful) + ". The power may have gone while this arrived; the index was lost as well, "
                   "so nobody knows whether the modality was told success",
                   "请将断电前后的检查与设备上的逐一核对，缺少的请重新发送（sampan damage 列出时间）；核对后执行 sampan damage seen all。",
                   "Compare the exams from around the power cut with those on the modality, and send again what is missing (sampan damage says when "
                   "it was); when that is done: sampan damage seen all."});
  if (spool.foreign > 0)
    out.push_back({"foreign", Verdict::attention, "存储目录中有 " + number(spool.foreign) + " 个文件不属于本机或无法读取，未作改动",
                   "Files in the spool that are not this node's or cannot be read, left as they are: " + number(spool.foreign),
                   "请检查 " + status.state_directory + "/spool：外来文件请移走；若是本机文件，请检查磁盘。",
                   "Look into " + status.state_directory + "/spool: move what is foreign away; where it is the node's own, check the disk."});
  if (spool.rebuilding)
    out.push_back(
        {"rebuilding", Verdict::attention, "正在重建索引，已找回 " + number(spool.rebuilt_items) + " 项；接收不受影响",
         "The index is being rebuilt, " + number(spool.rebuilt_items) + " found so far; images are received meanwhile",
         "无需操作，请等待完成。", "Nothing to do; wait until it is done."});
}

void look_at_disk(const NodeStatus& status, Findings& out) {
  const SpoolStatus& spool = status.spool;
  const bool critical = spool.disk_state == "critical";
  if (!critical && spool.disk_state != "low") return;
  const std::uint64_t percent = spool.disk_free_bytes / std::max<std::uint64_t>(spool.disk_total_bytes / 100, 1);
  const bool refused = status.intake.enabled && !status.intake.accepting;
  const auto [action_zh, action_en] = room_action(status);
  const auto room = [&](const char* comma, Lang lang) {
    return refused || !spool.disk_lasts_s ? "" : comma + room_words(*spool.disk_lasts_s, spool.disk_lasts_guess, lang);
  };
  out.push_back(
      {critical ? "disk_critical" : "disk_low", critical ? Verdict::failure : Verdict::attention,
       "磁盘仅剩 " + number(percent) + "%（" + size(spool.disk_free_bytes) + "）" +
           room("，", Lang::zh) + (refused ? "，已停止接收" : "，用满后将停止接收"),
       "Disk " + number(percent) + " % free (" + size(spool.disk_free_bytes) + ")" +
           room(", ", Lang::en) + (refused ? "; images are refused" : "; images are refused when it is full"),
       action_zh, action_en});
}

std::string away_action(const DestinationStatus& destination, bool answers, Lang lang) {
  if (destination.courier == "folder" && destination.last_error.starts_with("cannot write to the folder"))
    return write_remedy(destination.address, says_read_only(destination.last_error), lang);
  const core::Remedy& remedy = core::remedy_away(destination.last_error, answers);
  return std::string(lang == Lang::zh ? remedy.action_zh : remedy.action_en);
}

// Of the age of the oldest: what merely waits for a window that will open is not late, what waited through a whole one is, and emergencies wait for none.
std::int64_t late_s(const DestinationStatus& destination, WallTime now) {
  const std::int64_t oldest = destination.oldest_waiting_s, urgent = destination.emergency_waiting_s.value_or(0);
  if (!destination.window_opened) return oldest;
  const std::int64_t since_opening = (now.ms - destination.window_opened->ms) / 1000;
  if (destination.window_closed) return std::max(urgent, oldest >= since_opening ? oldest : 0);
  return std::max(urgent, std::min(oldest, since_opening));
}

void look_at_window(const DestinationStatus& destination, WallTime now, Findings& out) {
  const std::string& name = destination.name;
  out.push_back({"window_too_short", Verdict::attention,
                 "目的地 " + name + "：" + number(destination.waiting) + " 幅图像在整个上传时段内仍未传完，" + window_words(destination.window_opens, now, Lang::zh),
                 "Destination " + name + ": " + images(destination.waiting) + " waiting, some through a whole window; " + window_words(destination.window_opens, now, Lang::en),
                 "请在配置中放宽该目的地的 windows 时段或限速；急需的检查用 sampan push --emergency。",
                 "Widen its windows in the settings, or their caps; what is urgent goes with sampan push --emergency."});
}

// unreadable: images that wait for the disk here, not for the destination.
void look_at_connection(const DestinationStatus& destination, std::uint64_t unreadable, WallTime now, Findings& out) {
  const std::string& name = destination.name;
  if (destination.state == DestinationState::stopped) {
    const core::Remedy& remedy = core::remedy_stopped(destination.last_error);
    out.push_back({"destination_stopped", Verdict::failure, core::about(remedy.zh, name) + "，已停止上传" + because_zh(destination.last_error),
                   core::about(remedy.en, name) + ", upload is stopped" + because(destination.last_error), std::string(remedy.action_zh),
                   std::string(remedy.action_en)});
    return;
  }
  const bool waits = destination.waiting > 0, telemetry_waits = destination.telemetry_waiting > 0;
  const bool away = destination.state == DestinationState::backing_off;
  const std::int64_t late = late_s(destination, now);
  const bool urgent_waits = destination.window_closed && destination.emergency_waiting_s;
  const bool urgent_late = urgent_waits && *destination.emergency_waiting_s >= waiting_attention_s;
  const std::string queued_zh = number(destination.waiting) + " 幅图像积压，最久 " + duration(destination.oldest_waiting_s, Lang::zh) +
                                (urgent_waits ? "，其中急诊已等 " + duration(*destination.emergency_waiting_s, Lang::zh) : "");
  const std::string queued_en = images(destination.waiting) + " waiting, up to " + duration(destination.oldest_waiting_s, Lang::en) +
                                (urgent_waits ? ", an emergency for " + duration(*destination.emergency_waiting_s, Lang::en) : "");
  const bool answers = core::is_answer(destination.last_error) || destination.last_contact_s.value_or(destination.state_age_s) < destination.state_age_s;
  const std::string idle_zh = telemetry_waits ? number(destination.telemetry_waiting) + " 条事件和采样积压" : "目前没有图像积压";
  const std::string idle_en = telemetry_waits ? number(destination.telemetry_waiting) + " events and samples waiting" : "no images waiting";
  if (away && destination.state_age_s >= unreachable_attention_s) {
    const bool long_away = waits && late > 0 && destination.state_age_s >= unreachable_failure_s;
    out.push_back(
        {"destination_unreachable", long_away ? Verdict::failure : Verdict::attention,
         "目的地 " + name + (answers ? " 有应答，但已 " : " 已 ") + duration(destination.state_age_s, Lang::zh) + "无法送达，" + (waits ? queued_zh : idle_zh) +
             because_zh(destination.last_error),
         "Destination " + name + (answers ? " answers, yet nothing gets through for " : " out of reach for ") + duration(destination.state_age_s, Lang::en) + ", " + (waits ? queued_en : idle_en) +
             because(destination.last_error),
         away_action(destination, answers, Lang::zh), away_action(destination, answers, Lang::en)});
  } else if (!away && destination.waiting > unreadable && late >= waiting_attention_s && destination.window_closed && !urgent_late) {
    look_at_window(destination, now, out);
  } else if (!away && destination.waiting > unreadable && late >= waiting_attention_s) {
    out.push_back({"waiting_long", Verdict::attention, "目的地 " + name + "：" + queued_zh,
                   "Destination " + name + ": " + queued_en, "请执行 sampan queue 查看积压，并检查网速。",
                   "Look at sampan queue, and at the speed of the network."});
  }
}

void look_at_detour(const DestinationStatus& destination, Findings& out) {
  if (destination.detour_to.empty()) return;
  const std::string &name = destination.name, &to = destination.detour_to;
  out.push_back({"on_detour", Verdict::attention,
                 "目的地 " + name + " 长时间无法送达，图像改送 " + to + "，已送 " + number(destination.detoured) + " 幅",
                 "Destination " + name + " does not get through, its images go to " + to + " meanwhile, " +
                     number(destination.detoured) + " so far",
                 "无需操作，" + name + " 恢复后自动照常；请询问牵头医院。",
                 "Nothing to do: they go to " + name + " again by themselves when it answers. Ask the lead hospital."});
}

// On hold because the copy here is damaged: nothing for a person to let go on.
std::uint64_t damaged_of(const DestinationStatus& destination) {
  std::uint64_t damaged = 0;
  for (const ReasonCount& one : destination.on_hold_reasons)
    if (one.reason.starts_with("the stored copy does not verify")) damaged += one.items;
  return damaged;
}

// Of whom to look at and how: named exams, and the commands with the first of them.
struct Named {
  std::string which_zh, which_en, how_zh, how_en;
};

Named named(const std::vector<std::string>& exams) {
  if (exams.empty()) return {};
  std::string list;
  for (std::size_t i = 0; i < std::min(exams.size(), exams_in_words); ++i) list += (list.empty() ? "" : ", ") + exams[i];
  return {"；检查 " + list, "; exams " + list, "查看经过：sampan trace " + exams[0] + "；继续上传：sampan resume " + exams[0] + "。",
          " The story: sampan trace " + exams[0] + "; to let it go on: sampan resume " + exams[0] + "."};
}

void look_at_refusals_by(const DestinationStatus& destination, Findings& out) {
  const std::string& name = destination.name;
  const Named rejected = named(destination.rejected_exams), on_hold = named(destination.on_hold_exams);
  if (destination.rejected > 0)
    out.push_back(
        {"rejected", Verdict::attention, number(destination.rejected) + " 幅图像被 " + name + " 拒收，需人工处理" + rejected.which_zh,
         images(destination.rejected) + " rejected by " + name + ", a person must decide" + rejected.which_en,
         "请把 sampan status 显示的原因告知牵头医院。" + rejected.how_zh, "Tell the lead hospital the reason that sampan status shows." + rejected.how_en});
  if (const std::uint64_t held = destination.on_hold - std::min(destination.on_hold, damaged_of(destination)); held > 0)
    out.push_back({"on_hold", Verdict::attention,
                   number(held) + " 幅发往 " + name + " 的图像已暂停，需人工处理" + on_hold.which_zh,
                   images(held) + " for " + name + " on hold, a person must decide" + on_hold.which_en,
                   "请核对这些图像后决定是否继续上传。" + on_hold.how_zh, "Look at these images and decide whether they go on." + on_hold.how_en});
  for (const BlockedClass& blocked : destination.blocked_classes)
    out.push_back({"class_blocked", Verdict::attention,
                   name + " 不接受这类图像：" + blocked.sop_class + "，传输语法 " + blocked.transfer_syntax +
                       because_zh(blocked.reason),
                   name + " does not take this kind of image: " + blocked.sop_class + ", transfer syntax " +
                       blocked.transfer_syntax + because(blocked.reason),
                   "请让牵头医院启用该图像类型；启用后自动续传。",
                   "Ask the lead hospital to enable it; the images then go on by themselves."});
}

// The day the disk will be full when no copy may leave it, where that is known.
std::pair<std::string, std::string> full_on(const NodeStatus& status) {
  const auto lasts = status.spool.disk_lasts_s;
  if (!lasts) return {};
  if (*lasts == 0) return {"，磁盘已满", "; the disk is full"};
  if (*lasts >= disk_lasts_most_s) return {"，以目前的速度磁盘可用十年以上", "; at this pace the disk lasts for more than ten years"};
  const std::string day = to_iso8601(WallTime{status.now.ms + *lasts * 1000}).substr(0, 10);
  if (status.spool.disk_lasts_guess)
    return {"，按最初数小时粗略估计，磁盘约在 " + day + " 用满", "; by its first hours, and so a guess, the disk will be full about " + day};
  return {"，磁盘约在 " + day + " 用满", "; the disk will be full about " + day};
}

// What a node of this program accepted goes from here when it is archived behind that node, whatever a person trusts.
void look_at_node(const DestinationStatus& destination, const std::string& count_zh, const std::string& count_en,
                  const std::pair<std::string, std::string>& full, Findings& out) {
  const std::string& name = destination.name;
  if (destination.proof == "none")
    out.push_back({"no_proof", Verdict::attention, name + " 是另一台 Sampan 节点，而配置要求不向它询问归档情况，本机副本一直保留" + full.first,
                   "Destination " + name + " is a Sampan node that the settings forbid to ask for proof, so all copies stay here" + full.second,
                   "请删去该目的地的 proof: none；对 Sampan 节点，reclaim_after: accepted 不起作用。",
                   "Take proof: none out of its settings; of a Sampan node, reclaim_after: accepted lets no copy go."});
  else
    out.push_back({"unproven", Verdict::attention,
                   count_zh + " 幅图像已由 Sampan 节点 " + name + " 接收，但该节点尚未证明医院已归档，有的已超过一天，本机副本一直保留" + full.first,
                   count_en + " accepted by " + name + ", a Sampan node, and not proven to be archived behind it, some for more than a day, so the copies stay here" + full.second,
                   "请在该节点上执行 sampan，查看图像为何没有送达医院或没有归档证明；对 Sampan 节点，reclaim_after: accepted 不起作用。",
                   "Run sampan on that node, to see why they do not reach the hospital or are not proven there; of a Sampan node, reclaim_after: accepted lets no copy go."});
}

// Nothing leaves the disk for such a destination until a person decides.
void look_at_proof(const NodeStatus& status, const DestinationStatus& destination, Findings& out) {
  if (destination.trusted && !destination.by_node) return;
  const std::string& name = destination.name;
  const auto [full_zh, full_en] = full_on(status);
  const std::uint64_t unproven = destination.delivered - std::min(destination.delivered, destination.archived);
  if (destination.lost_often > 0)
    out.push_back({"lost_often", Verdict::attention,
                   number(destination.lost_often) + " 幅图像多次送达 " + name + " 后又被其告知没有，本机仍在反复重发",
                   images(destination.lost_often) + " that " + name + " accepted and then did not have, again and again; still sent again",
                   "图像在本机安全保存。请让牵头医院检查其归档存储。", "The images are safe here. Ask the lead hospital to look at its archive's storage."});
  if (destination.not_committed > 0)
    out.push_back({"not_committed", Verdict::attention,
                   number(destination.not_committed) + " 幅图像 " + name + " 已接收，但其存储承诺报告始终不承诺保存；本机不再自动重发",
                   images(destination.not_committed) + " that " + name + " accepted and does not commit to keep, whenever it is asked; they are not sent again by themselves",
                   "图像在本机安全保存。请让牵头医院查看其归档为何对这些图像报告存储承诺失败；处理后可执行 sampan resend。",
                   "The images are safe here. Ask the lead hospital why its archive reports that it does not commit to them; sampan resend sends them again then."});
  if (destination.by_node) {
    if (unproven > 0 && (destination.unproven_long || destination.proof == "none")) look_at_node(destination, number(unproven), images(unproven), {full_zh, full_en}, out);
    return;
  }
  if (destination.unproven_long && destination.proof != "none" && unproven > 0)
    out.push_back({"unproven", Verdict::attention,
                   number(unproven) + " 幅图像 " + name + " 已接收但尚未证明归档，有的已超过一天，本机副本一直保留" + full_zh,
                   images(unproven) + " accepted by " + name + " and not proven to be kept, some for more than a day, so the copies stay here" + full_en,
                   "请询问牵头医院：其存储承诺报告能否送达本机的 AE 标题和端口，或能否查询图像。",
                   "Ask the lead hospital whether its reports of storage commitment reach this node's AE title and port, or whether it answers queries."});
  if (destination.proof != "none") return;
  out.push_back({"no_proof", Verdict::attention,
                 "目的地 " + name + " 无法证明已归档，本机副本一直保留" + full_zh,
                 "Destination " + name + " cannot prove that it keeps images, so all copies stay here" + full_en,
                 "请让牵头医院启用存储承诺或查询；或在配置中为该目的地设置 reclaim_after: accepted 和 retention_days。",
                 "Ask the lead hospital for storage commitment or query; or choose reclaim_after: accepted and retention_days for it."});
}

// What a destination that left the settings accepted and did not prove: nobody says any more when these copies may go.
void look_at_accepted(const StrandedStatus& stranded, Findings& out) {
  const std::string& name = stranded.destination;
  out.push_back({"unproven_by_unknown", Verdict::attention,
                 number(stranded.accepted) + " 幅图像「" + name + "」已接收但未证明归档，而配置中已无此目的地，本机副本一直保留",
                 images(stranded.accepted) + " accepted by \"" + name + "\" and not proven to be kept; it is not in the settings any more, so the copies stay here",
                 "若是改错了名称，请改回；若确已停用，请执行 sudo sampan drop " + name + "，另行安排这些图像。",
                 "Give it its name back if that is a mistake. If it is gone for good: sudo sampan drop " + name + ", and they are routed anew."});
}

// They need a person as those of any destination do; only that nothing else would name them.
void look_at_stranded_held(const StrandedStatus& stranded, Findings& out) {
  const std::string& name = stranded.destination;
  const std::uint64_t count = stranded.on_hold + stranded.rejected;
  const Named exams = named(stranded.exams);
  if (name.empty())
    out.push_back({"no_route_held", Verdict::attention, number(count) + " 幅图像被暂停，且不符合任何路由规则，需人工处理" + exams.which_zh,
                   images(count) + " on hold that no route sends anywhere, a person must decide" + exams.which_en,
                   "请核对这些图像；需要上传的，请用 sampan push 加检查 UID 和 --to 指定目的地，再执行 sampan resume。" + exams.how_zh,
                   "Look at them; what is to go: sampan push, the study UID and --to DESTINATION, then sampan resume." + exams.how_en});
  else
    out.push_back({"unknown_held", Verdict::attention,
                   number(count) + " 幅图像被「" + name + "」拒收或被暂停，而配置中已无此目的地，需人工处理" + exams.which_zh,
                   images(count) + " rejected by \"" + name + "\" or on hold for it, which is not in the settings; a person must decide" + exams.which_en,
                   "若是改错了名称，请改回，再执行 sampan resume；若确已停用，请执行 sudo sampan drop " + name + "，另行安排这些图像。" + exams.how_zh,
                   "Give it its name back if that is a mistake, then sampan resume. If it is gone for good: sudo sampan drop " + name + ", and they are routed anew." +
                       exams.how_en});
}

void look_at_stranded(const StrandedStatus& stranded, Findings& out) {
  if (stranded.accepted > 0) look_at_accepted(stranded, out);
  if (stranded.on_hold + stranded.rejected > 0) look_at_stranded_held(stranded, out);
  if (stranded.waiting == 0) return;
  const std::string since_zh = "，最久 " + duration(stranded.oldest_waiting_s, Lang::zh);
  const std::string since_en = ", up to " + duration(stranded.oldest_waiting_s, Lang::en);
  if (stranded.destination.empty())
    out.push_back({"no_route", Verdict::attention,
                   number(stranded.waiting) + " 幅图像不符合任何路由规则，留在本机" + since_zh,
                   images(stranded.waiting) + " here that no route sends anywhere" + since_en,
                   "请在配置的 routes 中加入适用的规则；生效后自动上传。",
                   "Add a rule for them to routes in the settings; they then go by themselves."});
  else
    out.push_back({"destination_unknown", Verdict::attention,
                   number(stranded.waiting) + " 幅图像等待发往「" + stranded.destination + "」，但配置中已无此目的地" + since_zh,
                   images(stranded.waiting) + " waiting for \"" + stranded.destination + "\", which is not in the settings" + since_en,
                   "图像保留在本机，直到配置中有目的地再用此名称（也可以是目录）；若确已停用，请执行 sudo sampan drop " + stranded.destination + "，另行安排。",
                   "They stay here until a destination has that name again, a folder will do. If it is gone for good: sudo sampan drop " +
                       stranded.destination + ", and they are routed anew."});
}

// What came before is dated by the clock as it was then.
void look_at_clock(const NodeStatus& status, Findings& out) {
  if (!status.clock_set_by_s) return;
  const std::int64_t by_s = *status.clock_set_by_s;
  const std::string amount_zh = duration(std::abs(by_s), Lang::zh), amount_en = duration(std::abs(by_s), Lang::en);
  out.push_back({"clock_set", Verdict::attention,
                 "本机时钟在运行中被" + std::string(by_s > 0 ? "调快 " : "调慢 ") + amount_zh + "，此前收到的图像按当时的时钟记录日期",
                 "The clock of this machine was set " + std::string(by_s > 0 ? "forward" : "back") + " by " + amount_en +
                     " while it worked; what came before is dated by the clock as it was",
                 "图像不受影响。若每次开机都如此，请更换主板电池。",
                 "The images are safe. If it is so after every start, the battery of the mainboard is empty."});
}

// Said until a person has one on paper: a dead mainboard must not take images with it.
void look_at_key(const NodeStatus& status, Findings& out) {
  const std::string& recovery = status.key.recovery;
  if (recovery != "none" && recovery != "made") return;
  out.push_back({"recovery_key_missing", Verdict::attention, "还没有人保管恢复密钥：本机损坏后，磁盘上的图像将无法读出",
                 "Nobody has a recovery key yet: if this machine dies, the images on its disk cannot be read",
                 "请执行 sudo sampan key recovery，抄写或打印恢复密钥，存放在别处。",
                 "Run sudo sampan key recovery, write the key down or print it, and keep it elsewhere."});
}

}  // namespace

std::vector<Finding> assess(const NodeStatus& status) {
  Findings findings;
  look_at_intake(status, findings);
  look_at_unreadable(status, findings);
  look_at_quarantined(status.spool, findings);
  for (const DestinationStatus& destination : status.destinations) {
    look_at_connection(destination, status.spool.unreadable, status.now, findings);
    look_at_detour(destination, findings);
    look_at_refusals_by(destination, findings);
    look_at_proof(status, destination, findings);
  }
  for (const StrandedStatus& stranded : status.stranded) look_at_stranded(stranded, findings);
  look_at_disk(status, findings);
  look_at_spool(status, findings);
  look_at_commitments(status, findings);
  look_at_folders(status, findings);
  look_at_refused(status, findings);
  look_at_clock(status, findings);
  look_at_key(status, findings);
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
  return findings;
}

Verdict overall(const std::vector<Finding>& findings) {
  Verdict worst = Verdict::good;
  for (const Finding& finding : findings) worst = std::max(worst, finding.severity);
  return worst;
}

}  // namespace sampan::control
