// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "cli/custody_verbs.h"
#include "cli/queue_view.h"
#include "cli/status_view.h"
#include "control/attention.h"
#include "control/status_json.h"
#include "unit/control/samples.h"

using namespace sampan;
using namespace sampan::cli;
using namespace sampan::control;

namespace {

NodeStatus assessed(NodeStatus status) {
  status.attention = assess(status);
  status.verdict = overall(status.attention);
  return status;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("status_is_one_screen_that_begins_with_the_answer") {
  NodeStatus status = rich_status();
  status.intake.refused.clear();
  CHECK(show_status(assessed(status), Lang::en) ==
        "Good: images are safe here and go on when the network is back; waiting: 28\n"
        "青山镇卫生院  sampan 0.1.0  running for 2 h\n"
        "\n"
        "Receiving  37 images since the start, the last 1 h ago; connections now: 1\n"
        "           AE title SAMPAN, STAT, port 11112\n"
        "           folder /srv/sampan/in, the last file 1 min ago\n"
        "Uploading  lead  PACS@192.0.2.10:104  out of reach for 1 min: connection refused; next try in 42 s\n"
        "           waiting 28 (99.0 MB, oldest 1 min 30 s), delivered 9, archived 4\n"
        "           副本  /srv/images  reachable\n"
        "           waiting 0, delivered 37\n"
        "Disk       500.0 GB of 1.0 TB free; kept here: 12 items, 123.5 MB\n");
}

TEST_CASE("what_is_said_of_destinations_is_said_to_be_old_where_it_is") {
  NodeStatus status = rich_status();
  status.destinations_age_s = 90;
  CHECK(has(show_status(assessed(status), Lang::en), "running for 2 h; what is said of destinations is as of 1 min 30 s ago\n"));
  CHECK(has(show_status(assessed(status), Lang::zh), "，目的地的状态为 1 分 30 秒前\n"));
  CHECK(parse_status(status_json(status))->destinations_age_s == 90);
}

TEST_CASE("the_first_line_says_whether_images_arrive_also_while_nobody_has_a_recovery_key" * doctest::description("contract 9")) {
  NodeStatus status = rich_status();
  status.key.recovery = "made";
  const std::string en = show_status(assessed(status), Lang::en), zh = show_status(assessed(status), Lang::zh);
  CHECK(first_line(en) == "Attention: images are safe here and go on when the network is back; waiting: 28");
  CHECK(first_line(zh) == "注意：图像已安全保存，网络恢复后自动续传，积压 28");
  CHECK(has(en, "\nAttention: Nobody has a recovery key yet"));
  CHECK(has(en, "\nDo this now: Run sudo sampan key recovery"));
  status.intake.accepting = false;
  status.intake.refusing_reason = "the disk is full: no new images are taken";
  CHECK(first_line(show_status(assessed(status), Lang::en)) == "Failure: New images are refused: the disk is full: no new images are taken");
}

TEST_CASE("status_speaks_chinese") {
  NodeStatus status = rich_status();
  status.intake.refused.clear();
  CHECK(show_status(assessed(status), Lang::zh) ==
        "正常：图像已安全保存，网络恢复后自动续传，积压 28\n"
        "青山镇卫生院  sampan 0.1.0  已运行 2 小时\n"
        "\n"
        "接收  本次启动以来 37 幅图像，最近一幅 1 小时前；当前连接 1\n"
        "      AE 标题 SAMPAN, STAT，端口 11112\n"
        "      目录 /srv/sampan/in，最近一个文件 1 分前\n"
        "上传  lead  PACS@192.0.2.10:104  无法连接 1 分：connection refused；42 秒后重试\n"
        "      积压 28（99.0 MB，最久 1 分 30 秒），已送达 9，已归档确认 4\n"
        "      副本  /srv/images  连接正常\n"
        "      积压 0，已送达 37\n"
        "磁盘  剩余 500.0 GB，共 1.0 TB；本机保存 12 项，123.5 MB\n");
}

TEST_CASE("of_a_destination_that_never_answered_status_tells_what_is_tried_and_what_came_of_it") {
  NodeStatus status = rich_status();
  DestinationStatus& lead = status.destinations[0];
  lead.state = DestinationState::unknown;
  lead.last_error.clear();
  lead.next_attempt_in_s.reset();
  const auto shown = [&](Lang lang) { return show_status(assessed(status), lang); };
  CHECK(has(shown(Lang::en), "PACS@192.0.2.10:104  not tried yet\n"));
  lead.sending = 1;
  CHECK(has(shown(Lang::en), "PACS@192.0.2.10:104  being tried for the first time\n"));
  CHECK(has(shown(Lang::zh), "PACS@192.0.2.10:104  正在首次尝试\n"));
  lead.last_error = "no answer in time";
  CHECK(has(shown(Lang::en), "PACS@192.0.2.10:104  no success yet: no answer in time\n"));
  CHECK(has(shown(Lang::zh), "PACS@192.0.2.10:104  尚未成功：对方未及时答复\n"));
}

TEST_CASE("status_says_when_a_destination_last_answered") {
  NodeStatus status = rich_status();
  DestinationStatus& lead = status.destinations[0];
  lead.state = DestinationState::up;
  lead.last_contact_s = 12;
  CHECK(has(show_status(assessed(status), Lang::en), "; last contact 12 s ago\n"));
  CHECK(has(show_status(assessed(status), Lang::zh), "；最近应答在 12 秒前\n"));
  lead.state = DestinationState::backing_off;
  lead.last_contact_s = 60;
  CHECK(has(show_status(assessed(status), Lang::en), "out of reach for 1 min: connection refused; next try in 42 s; last contact 1 min ago\n"));
  lead.last_contact_s = 5;
  CHECK(has(show_status(assessed(status), Lang::en), "answers, yet nothing gets through for 1 min: connection refused"));
  CHECK(has(show_status(assessed(status), Lang::zh), "有应答但无法送达 1 分"));
}

TEST_CASE("good_news_tell_what_happens_just_now") {
  NodeStatus status = rich_status();
  status.destinations[0].state = DestinationState::up;
  CHECK(first_line(show_status(status, Lang::en)) == "Good: images are received and on their way; waiting: 28");
  status.destinations[1].waiting = 1;
  CHECK(first_line(show_status(status, Lang::en)) == "Good: images are received and on their way; waiting: 29, each destination counted");
  CHECK(first_line(show_status(status, Lang::zh)) == "正常：图像正常接收，正在上传，积压 29（各目的地分别计数）");
  status.destinations[0].waiting = status.destinations[1].waiting = 0;
  CHECK(first_line(show_status(status, Lang::en)) == "Good: images are received and all of them are delivered");
  status.spool.uncounted = 2;  // they have just come
  CHECK(first_line(show_status(status, Lang::en)) == "Good: images are received and on their way; waiting: 2");
  status.spool.uncounted = 0;
  status.intake.last_image.reset();
  CHECK(first_line(show_status(status, Lang::zh)) == "正常：已就绪，启动以来尚未收到图像");
}

TEST_CASE("bad_news_come_first_and_end_with_the_one_thing_to_do") {
  NodeStatus status = rich_status();
  status.spool.quarantined = 1;
  status.destinations[0].state = DestinationState::stopped;
  status.destinations[0].last_error = "0x0103";
  const std::string text = show_status(assessed(status), Lang::en);
  CHECK(first_line(text) == "Failure: Destination lead refuses this node, upload is stopped: 0x0103");
  CHECK(
      text.ends_with("\nAttention: Damaged on the disk, set aside, and not to be sent: 1\n"
                     "\nDo this now: Check AE titles, address and certificates together with the lead hospital.\n"));
}

TEST_CASE("the_last_refused_callers_are_always_shown_newest_first") {
  NodeStatus status = rich_status();
  for (int i = 1; i <= 3; ++i)
    status.intake.refused.push_back(
        {WallTime{sample_now.ms - 80'000'000 + i}, "192.0.2.9", "X" + std::to_string(i), "Y", "why"});
  const std::string text = show_status(assessed(status), Lang::en);
  CHECK(text.find("X3 (192.0.2.9) -> Y: why") < text.find("X2 (192.0.2.9) -> Y: why"));
  CHECK(has(text, "X1 "));
  CHECK_FALSE(has(text, "CT1"));
}

TEST_CASE("what_a_peer_sends_cannot_drive_the_terminal") {
  NodeStatus status = rich_status();
  status.intake.refused[0].calling = "\x1b[2J";
  CHECK_FALSE(has(show_status(status, Lang::en), "\x1b"));
}

TEST_CASE("queue_shows_destination_by_age") {
  CHECK(show_queue(rich_status(), Lang::en) ==
        "destination  waiting     size  <1min  <5min  <1h  <6h  <1d  <1w  older  on hold  rejected\n"
        "lead              28  99.0 MB      1      2    3    4    5    6      7        .         .\n"
        "副本               .      0 B      .      .    .    .    .    .      .        .         .\n");
  CHECK(show_queue(rich_status(), Lang::zh) ==
        "目的地  积压     大小  1分内  5分内  1时内  6时内  1天内  1周内  更久  暂停  拒收\n"
        "lead      28  99.0 MB      1      2      3      4      5      6     7     .     .\n"
        "副本       .      0 B      .      .      .      .      .      .     .     .     .\n");
}

TEST_CASE("a_queue_whose_exit_code_is_not_good_says_where_the_reason_is") {
  NodeStatus status = rich_status();
  CHECK_FALSE(has(show_queue(status, Lang::en), "sampan status"));
  status.verdict = Verdict::attention;
  CHECK(show_queue(status, Lang::en).ends_with("\nAttention: sampan status says why\n"));
  status.verdict = Verdict::failure;
  CHECK(show_queue(status, Lang::en).ends_with("\nFailure: sampan status says why\n"));
  CHECK(show_queue(status, Lang::zh).ends_with("\n故障：原因见 sampan status\n"));
}

TEST_CASE("status_and_queue_say_what_waits_for_its_window_and_when_it_opens") {
  NodeStatus status = rich_status();
  status.destinations.resize(1);
  DestinationStatus& lead = status.destinations[0];
  lead.state = DestinationState::up;
  lead.sending = 0;
  lead.window_closed = true;
  lead.window_opens = WallTime{status.now.ms + 3'600'000};
  const std::string at = local_time(*lead.window_opens).substr(11);
  CHECK(has(show_status(status, Lang::en), "waits for its window, opens at " + at + "; emergencies go at any time"));
  CHECK(has(show_status(status, Lang::zh), "等待上传时段，" + at + " 开始；急诊随时上传"));
  CHECK(has(show_status(status, Lang::en), "images are received and wait for their window; waiting: 28"));
  lead.emergency_waiting_s = 5;
  CHECK(has(show_status(status, Lang::en), "images are received and on their way; waiting: 28"));
  CHECK(has(show_queue(status, Lang::en), "lead: waits for its window, opens at " + at + "\n"));
  CHECK(has(show_queue(status, Lang::zh), "lead：等待上传时段，" + at + " 开始\n"));
  const WallTime next_week{status.now.ms + 6 * 24 * 3'600'000};
  lead.window_opens = next_week;
  CHECK(has(show_queue(status, Lang::en), "opens at " + local_time(next_week)));
  lead.window_opens.reset();
  CHECK(has(show_queue(status, Lang::en), "lead: its windows never let anything go but emergencies\n"));
  lead.window_closed = false;
  CHECK_FALSE(has(show_status(status, Lang::en) + show_queue(status, Lang::en), "window"));
}

TEST_CASE("queue_does_not_pass_over_what_goes_nowhere") {
  NodeStatus status = rich_status();
  status.stranded = {{"", 3, 60}, {"old", 2, 60}};
  CHECK(has(show_queue(status, Lang::zh), "另有 3 幅图像不符合任何路由，不会上传\nold：配置中已无此目的地，2 幅图像不会上传\n"));
  CHECK(has(show_queue(status, Lang::en), "images that match no route and do not leave: 3\nold: not in the settings any more, images that do not leave: 2\n"));
  status.stranded = {{"", 0, 0, 0, 1}, {"old", 0, 0, 0, 2, 3}};
  CHECK(has(show_queue(status, Lang::zh), "另有 1 幅图像被暂停，且不符合任何路由\nold：配置中已无此目的地，5 幅图像被拒收或暂停\n"));
  CHECK(has(show_queue(status, Lang::en), "images on hold that match no route: 1\nold: not in the settings any more, images rejected or on hold: 5\n"));
}

TEST_CASE("what_is_not_read_yet_is_not_told_as_sound" * doctest::description("contract 9")) {
  DamageList list;
  CHECK(show_damage(list, Lang::en) == "Nothing is damaged or in doubt.\n");
  list.incomplete = true;
  CHECK(show_damage(list, Lang::en) == "The index is being rebuilt or does not read: there may be more; ask again later.\n");
  CHECK(show_damage(list, Lang::zh) == "索引正在重建或无法读取，可能还有更多，请稍后再查。\n");
  list.places.push_back({"1-4096", 4096, false, "does not verify", "", {}});
  CHECK(has(show_damage(list, Lang::en), "there may be more; ask again later."));
}

TEST_CASE("status_says_why_images_are_held_or_rejected_and_how_long_the_disk_lasts") {
  NodeStatus status = rich_status();
  status.destinations[0].rejected = 3;
  status.destinations[0].rejected_reasons = {{"0xA900 does not match", 2}, {"0xC000", 1}};
  status.destinations[1].on_hold = 1;
  status.destinations[1].on_hold_reasons = {{"held by a person", 1}};
  status.spool.intake_bytes_per_day = 2'000'000'000;
  status.spool.disk_lasts_s = 250 * 86400;
  const std::string text = show_status(status, Lang::en);
  CHECK(has(text, "rejected 3\n             rejected 2: 0xA900 does not match\n             rejected 1: 0xC000\n"));
  CHECK(has(text, "             on hold 1: held by a person\n"));
  CHECK(has(text, "lately 2.0 GB a day came; with nothing leaving there is room for 250 d\n"));
  CHECK(has(show_status(status, Lang::zh), "近日每天接收 2.0 GB；即使完全无法上传，还可接收 250 天\n"));
}

TEST_CASE("status_says_why_single_images_were_tried_in_vain_while_they_wait") {
  NodeStatus status = rich_status();
  DestinationStatus& lead = status.destinations[0];
  lead.state = DestinationState::up;
  lead.waiting_reasons = {{"0xC000 cannot understand", 2}, {"not enabled", 1}};
  lead.blocked_classes = {{"1.2.3", "1.2.4", "not enabled"}};
  CHECK(has(show_status(status, Lang::en), "             tried in vain 2: 0xC000 cannot understand\n"));
  CHECK(has(show_status(status, Lang::zh), "尚未成功 2：0xC000 对方无法理解该图像\n"));
  CHECK_FALSE(has(show_status(status, Lang::en), "tried in vain 1"));
  // Of one that takes nothing, its own line says why.
  lead.state = DestinationState::backing_off;
  lead.last_error = "0xC000 cannot understand";
  CHECK_FALSE(has(show_status(status, Lang::en), "tried in vain"));
}

TEST_CASE("status_shows_each_folder_also_where_no_port_is_open") {
  NodeStatus status = rich_status();
  FolderStatus& folder = status.intake.folders[0];
  const auto shown = [&](Lang lang) { return show_status(assessed(status), lang); };
  CHECK(has(shown(Lang::en), "folder /srv/sampan/in, the last file 1 min ago\n"));
  folder.last_file.reset();
  folder.set_aside = 2;
  status.intake.enabled = false;
  CHECK(has(shown(Lang::zh), "DICOM 端口已关闭，仅从目录接收\n"));
  CHECK(has(shown(Lang::zh), "目录 /srv/sampan/in，启动以来尚无文件，未接收的文件 2\n"));
  folder.trouble = "missing";
  CHECK(has(shown(Lang::en), "no DICOM port is open, only folders are read\n"));
  CHECK(has(shown(Lang::en), "folder /srv/sampan/in: the folder is not there, set aside: 2\n"));
  status.intake.folders.clear();
  CHECK(has(shown(Lang::en), "switched off\n"));
}

TEST_CASE("status_tells_of_requests_for_storage_commitment_that_were_not_told_yet") {
  NodeStatus status = rich_status();
  CHECK_FALSE(has(show_status(status, Lang::en), "storage commitment"));
  status.intake.commitments_open = 2;
  status.intake.commitments_oldest_s = 120;
  CHECK(has(show_status(status, Lang::en), "storage commitment asked for and not told yet: 2, up to 2 min\n"));
  CHECK(has(show_status(status, Lang::zh), "等待答复的存储承诺请求 2"));
  CHECK(assess(status).size() == assess(rich_status()).size());  // nobody need do anything yet
  status.intake.commitments_untold = 1;
  status.intake.commitments_error = "modality CT1: connection refused";
  const auto findings = assess(status);
  const auto found = std::find_if(findings.begin(), findings.end(), [](const Finding& one) { return one.code == "commitment_untold"; });
  REQUIRE(found != findings.end());
  CHECK(has(found->en, "modality CT1: connection refused"));
  CHECK(has(found->action_en, "delete none of them on the modality"));
  CHECK(has(found->action_zh, "请勿删除设备上的图像"));
  CHECK_FALSE(has(found->action_en, "safe"));  // nobody looked whether they are here
  CHECK_FALSE(has(found->action_zh, "安全"));
  CHECK(has(found->action_en, "See that it is on and listens"));
  status.intake.commitments_error = "modality CT1: no address of it is in intake.report_to";
  for (const auto& one : assess(status))
    if (one.code == "commitment_untold") CHECK(has(one.action_en, "Name the modality's AE title and address in intake.report_to"));
}

TEST_CASE("status_says_when_swap_space_can_get_at_images_or_keys" * doctest::description("contract 11")) {
  NodeStatus status = rich_status();
  CHECK_FALSE(has(show_status(status, Lang::en), "swap"));
  status.key.images_may_be_swapped = true;
  CHECK(has(show_status(status, Lang::en), "images in memory may be swapped out to the disk"));
  CHECK(has(show_status(status, Lang::zh), "内存中的图像可能被换出到磁盘"));
  status.key = {};
  status.key.memory_locked = false;
  CHECK(has(show_status(status, Lang::zh), "密钥未能锁定在内存中"));
}
