// SPDX-License-Identifier: Apache-2.0
#include "control/attention.h"

#include <doctest/doctest.h>

#include "unit/control/samples.h"

using namespace sampan;
using namespace sampan::control;

namespace {

// "code:severity", in order.
std::vector<std::string> codes(const NodeStatus& status) {
  std::vector<std::string> all;
  for (const Finding& finding : assess(status))
    all.push_back(finding.code + ":" + std::string(to_string(finding.severity)));
  return all;
}
using Codes = std::vector<std::string>;

}  // namespace

TEST_CASE("a_node_that_was_cut_off_a_minute_ago_is_well") {
  CHECK(codes(rich_status()) == Codes{});
  CHECK(overall({}) == Verdict::good);
}

TEST_CASE("a_destination_out_of_reach_is_news_after_five_minutes_and_a_failure_after_an_hour") {
  NodeStatus status = rich_status();
  DestinationStatus& lead = status.destinations[0];
  lead.state_age_s = 299;
  CHECK(codes(status) == Codes{});
  lead.state_age_s = 300;
  CHECK(codes(status) == Codes{"destination_unreachable:attention"});
  CHECK(assess(status)[0].en ==
        "Destination lead out of reach for 5 min, 28 images waiting, up to 1 min 30 s: connection refused");
  CHECK(assess(status)[0].zh ==
        "目的地 lead 已 5 分无法送达，28 幅图像积压，最久 1 分 30 秒，原因：connection refused");
  lead.state_age_s = 3600;
  CHECK(codes(status) == Codes{"destination_unreachable:failure"});
  // With nothing that waits nothing is late; yet the next image would be.
  lead.waiting = 0;
  CHECK(codes(status) == Codes{"destination_unreachable:attention"});
  CHECK(assess(status)[0].en == "Destination lead out of reach for 1 h, no images waiting: connection refused");
  lead.telemetry_waiting = 3;
  CHECK(codes(status) == Codes{"destination_unreachable:attention"});
  CHECK(assess(status)[0].en == "Destination lead out of reach for 1 h, 3 events and samples waiting: connection refused");
  CHECK(assess(status)[0].zh == "目的地 lead 已 1 小时无法送达，3 条事件和采样积压，原因：connection refused");
  lead.last_contact_s = 3600;
  CHECK(assess(status)[0].en.starts_with("Destination lead out of reach"));
  lead.last_contact_s = 12;
  CHECK(assess(status)[0].en.starts_with("Destination lead answers, yet nothing gets through for 1 h"));
  lead.state_age_s = 299;
  CHECK(codes(status) == Codes{});
}

TEST_CASE("one_cause_is_told_once") {
  NodeStatus status = rich_status();
  status.destinations[0].state_age_s = 4000;
  status.destinations[0].oldest_waiting_s = 4000;
  CHECK(codes(status) == Codes{"destination_unreachable:failure"});
}

TEST_CASE("images_that_wait_although_the_destination_answers_are_news_after_half_an_hour") {
  NodeStatus status = rich_status();
  status.destinations[0].state = DestinationState::up;
  status.destinations[0].oldest_waiting_s = 1799;
  CHECK(codes(status) == Codes{});
  status.destinations[0].oldest_waiting_s = 1800;
  CHECK(codes(status) == Codes{"waiting_long:attention"});
}

TEST_CASE("images_that_merely_wait_for_a_window_are_no_news_and_those_it_was_too_short_for_are") {
  NodeStatus status = rich_status();
  DestinationStatus& lead = status.destinations[0];
  const auto hours_ago = [&](std::int64_t hours) { return WallTime{status.now.ms - hours * 3'600'000}; };
  lead.state = DestinationState::up;
  lead.window_closed = true;
  lead.window_opens = WallTime{status.now.ms + 3'600'000};
  lead.window_opened = hours_ago(20);
  lead.oldest_waiting_s = 20 * 3600 - 1;  // came in the midst of the last window
  CHECK(codes(status) == Codes{});
  lead.oldest_waiting_s = 20 * 3600;
  CHECK(codes(status) == Codes{"window_too_short:attention"});
  CHECK(assess(status)[0].en.starts_with("Destination lead: 28 images waiting, some through a whole window; waits for its window, opens at "));
  CHECK(assess(status)[0].zh.starts_with("目的地 lead：28 幅图像在整个上传时段内仍未传完，等待上传时段，"));
  // Open again: half an hour is given.
  lead.window_closed = false;
  lead.window_opens.reset();
  lead.window_opened = WallTime{status.now.ms - 1'799'000};
  CHECK(codes(status) == Codes{});
  lead.window_opened = WallTime{status.now.ms - 1'800'000};
  CHECK(codes(status) == Codes{"waiting_long:attention"});
  // One that never opens hides nothing.
  lead.window_closed = true;
  lead.window_opened.reset();
  CHECK(codes(status) == Codes{"window_too_short:attention"});
}

TEST_CASE("an_emergency_is_late_whatever_the_windows_say" * doctest::description("contract 7")) {
  NodeStatus status = rich_status();
  DestinationStatus& lead = status.destinations[0];
  lead.window_closed = true;  // since 06:00; the emergency came at 10:00, and it is 16:00
  lead.window_opens = WallTime{status.now.ms + 6 * 3'600'000};
  lead.window_opened = WallTime{status.now.ms - 18 * 3'600'000};
  lead.state_age_s = lead.oldest_waiting_s = 6 * 3600;
  CHECK(codes(status) == Codes{"destination_unreachable:attention"});
  lead.emergency_waiting_s = 6 * 3600;
  REQUIRE(codes(status) == Codes{"destination_unreachable:failure"});
  CHECK(assess(status)[0].en.starts_with("Destination lead out of reach for 6 h, 28 images waiting, up to 6 h, an emergency for 6 h: "));
  CHECK(assess(status)[0].zh.starts_with("目的地 lead 已 6 小时无法送达，28 幅图像积压，最久 6 小时，其中急诊已等 6 小时，"));
  // It answers, and the emergency does not get through.
  lead.state = DestinationState::up;
  CHECK(codes(status) == Codes{"waiting_long:attention"});
  lead.emergency_waiting_s = 1799;
  CHECK(codes(status) == Codes{});
  lead.emergency_waiting_s = 1800;
  CHECK(codes(status) == Codes{"waiting_long:attention"});
  // Also where others were left over by the last window, and just after the next one opened.
  lead.oldest_waiting_s = 20 * 3600;
  CHECK(codes(status) == Codes{"waiting_long:attention"});
  lead.oldest_waiting_s = 6 * 3600;
  lead.window_closed = false;
  lead.window_opened = WallTime{status.now.ms - 1000};
  CHECK(codes(status) == Codes{"waiting_long:attention"});
  lead.emergency_waiting_s.reset();
  CHECK(codes(status) == Codes{});
}

TEST_CASE("a_destination_out_of_reach_while_its_window_is_closed_is_no_failure") {
  NodeStatus status = rich_status();
  DestinationStatus& lead = status.destinations[0];
  lead.state_age_s = lead.oldest_waiting_s = 7200;
  lead.window_closed = true;
  lead.window_opened = WallTime{status.now.ms - 4 * 3'600'000};
  CHECK(codes(status) == Codes{"destination_unreachable:attention"});
  lead.oldest_waiting_s = 4 * 3600;
  CHECK(codes(status) == Codes{"destination_unreachable:failure"});
}

TEST_CASE("a_destination_that_refuses_this_node_is_a_failure") {
  NodeStatus status = rich_status();
  status.destinations[0].state = DestinationState::stopped;
  CHECK(codes(status) == Codes{"destination_stopped:failure"});
}

TEST_CASE("who_refuses_whom_and_what_to_do_about_it_follow_from_the_reason") {
  NodeStatus status = rich_status();
  DestinationStatus& lead = status.destinations[0];
  lead.state = DestinationState::stopped;
  struct Case {
    const char *reason, *en, *zh, *action_en;
  };
  const Case cases[]{
      {"certificate not accepted: SSL certificate problem: certificate has expired; the clock of this machine says 2026-11-26T23:00:00.000Z",
       "This node does not trust the certificate of lead", "本机不信任 lead 的证书", "Compare the clock"},
      {"certificate not accepted: SSL certificate problem: certificate is not yet valid", "This node does not trust", "本机不信任", "Compare the clock"},
      {"certificate not accepted: SSL certificate problem: self-signed certificate", "This node does not trust", "本机不信任", "Ask the lead hospital for the certificate of whoever issued"},
      {"certificate not accepted: SSL certificate problem: self signed certificate", "This node does not trust", "本机不信任", "Ask the lead hospital for the certificate of whoever issued"},
      {"certificate not accepted: SSL certificate problem: unable to get local issuer certificate", "This node does not trust", "本机不信任",
       "Ask the lead hospital for the certificate of whoever issued"},
      {"certificate not accepted: SSL: no alternative certificate subject name matches target host name 'pacs.example'", "The certificate of lead is for another name",
       "lead 的证书属于另一个名称", "Use the host name"},
      {"certificate not accepted: the peer does not accept this node's certificate", "lead does not accept the certificate of this node", "lead 不接受本机的证书",
       "Ask the lead hospital whether it knows"},
      {"certificate not accepted: HTTP 400, as reverse proxies say it", "lead does not accept the certificate of this node", "lead 不接受本机的证书", "Ask the lead"},
      {"the file of trusted certificates cannot be used: /etc/sampan/ca.pem", "A file of this node that it needs for lead cannot be used",
       "本机发往 lead 所需的文件无法使用", "See that the file which the reason names"},
      {"a secret cannot be read: open /etc/sampan/token: No such file or directory", "A file of this node", "本机发往 lead 所需的文件", "See that the file"},
      {"association rejected (1/1/3): calling AE title not recognised", "lead does not know the AE title of this node", "lead 不认识本机的 AE 标题", "Have the lead hospital enter"},
      {"association rejected (1/1/7): called AE title not recognised", "lead has another AE title", "lead 的 AE 标题与配置不符", "Correct its AE title"},
      {"via other: association rejected (1/1/7): called AE title not recognised", "lead has another AE title", "lead 的 AE 标题", "Correct its AE title"},
      {"HTTP 401 not authenticated", "lead does not accept the user", "lead 不接受本机的用户名", "Ask the lead hospital for the user"},
      {"proxy: HTTP 407 proxy authentication required", "The proxy on the way to lead refuses", "通往 lead 的代理服务器", "Check the user"},
      {"HTTP 404 no such service", "There is no such service", "lead 的地址上没有", "Correct the address"},
      {"0x0124 not authorised", "lead does not permit this node", "lead 没有授权本机", "Ask the lead hospital to permit"},
      {"HTTP 451 refused for legal reasons", "Destination lead refuses this node", "目的地 lead 拒绝本机", "Check AE titles"},
  };
  for (const Case& one : cases) {
    lead.last_error = one.reason;
    const Finding told = assess(status)[0];
    CAPTURE(told.en);
    CHECK(told.en.starts_with(one.en));
    CHECK(told.en.find(", upload is stopped: " + std::string(one.reason).substr(0, 60)) != std::string::npos);
    CHECK(told.zh.starts_with(one.zh));
    CHECK(told.action_en.starts_with(one.action_en));
    CHECK(told.action_en.ends_with('.'));
    CHECK(told.action_zh.ends_with("。"));
  }
}

TEST_CASE("what_to_do_about_a_destination_that_takes_nothing_depends_on_whether_it_answers") {
  NodeStatus status = rich_status();
  DestinationStatus& lead = status.destinations[0];
  lead.state_age_s = 3600;
  const auto action = [&](const char* reason) {
    lead.last_error = reason;
    return assess(status)[0].action_en;
  };
  const auto zh = [&] { return assess(status)[0].action_zh; };
  CHECK(action("no connection: No route to host").ends_with("Check cable and router, or ask the lead hospital."));
  for (const char* said : {"0xA700 out of resources", "HTTP 503 error at the destination", "HTTP 429 too many requests", "answer for another instance",
                           "association rejected (2/3/1): temporary congestion"}) {
    CHECK(action(said).ends_with("Tell the lead hospital this reason."));
    CHECK(zh().ends_with("请把此原因告知牵头医院。"));
    CHECK(assess(status)[0].en.starts_with("Destination lead answers, yet nothing gets through for 1 h"));
  }
  CHECK(action("somebody else answered (captive portal): text/html").find("Log in to the network") != std::string::npos);
  CHECK(action("HTTP 302 redirected").find("Log in to the network") != std::string::npos);
  lead.last_contact_s = 12;
  CHECK(action("no connection: the connection was cut while sending").ends_with("Tell the lead hospital this reason."));
}

TEST_CASE("images_that_need_a_person_are_told") {
  NodeStatus status = rich_status();
  status.destinations[0].rejected = 1;
  status.destinations[0].on_hold = 2;
  status.destinations[1].blocked_classes = {{"1.2.3", "1.2.4", "not enabled"}};
  CHECK(codes(status) == Codes{"rejected:attention", "on_hold:attention", "class_blocked:attention"});
  CHECK(assess(status)[0].en == "1 image rejected by lead, a person must decide");
  CHECK(assess(status)[1].zh == "2 幅发往 lead 的图像已暂停，需人工处理");
}

TEST_CASE("what_is_held_or_rejected_is_named_with_the_commands_for_it" * doctest::description("contract 7")) {
  NodeStatus status = rich_status();
  status.destinations[0].rejected = 9;
  status.destinations[0].rejected_exams = {"1.2.1", "1.2.2", "1.2.3", "1.2.4"};
  status.destinations[0].on_hold = 1;
  status.destinations[0].on_hold_exams = {"1.3.1"};
  const auto told = assess(status);
  CHECK(told[0].en == "9 images rejected by lead, a person must decide; exams 1.2.1, 1.2.2, 1.2.3");
  CHECK(told[0].action_en.ends_with(" The story: sampan trace 1.2.1; to let it go on: sampan resume 1.2.1."));
  CHECK(told[0].zh == "9 幅图像被 lead 拒收，需人工处理；检查 1.2.1, 1.2.2, 1.2.3");
  CHECK(told[1].zh == "1 幅发往 lead 的图像已暂停，需人工处理；检查 1.3.1");
  CHECK(told[1].action_zh.ends_with("查看经过：sampan trace 1.3.1；继续上传：sampan resume 1.3.1。"));
}

TEST_CASE("what_is_damaged_is_not_for_a_person_to_let_go_on_but_to_send_again" * doctest::description("contract 9")) {
  NodeStatus status = rich_status();
  status.spool.quarantined = 2;
  status.spool.quarantined_exams = {"1.2.3", "1.2.4"};
  status.destinations[0].on_hold = 2;
  status.destinations[0].on_hold_reasons = {{"the stored copy does not verify", 2}};
  REQUIRE(codes(status) == Codes{"quarantined:attention"});
  CHECK(assess(status)[0].en == "Damaged on the disk, set aside, and not to be sent: 2; exams 1.2.3, 1.2.4");
  CHECK(assess(status)[0].action_en.starts_with("Send these exams again from the modality (sampan trace"));
  CHECK(assess(status)[0].action_zh.starts_with("请在设备上重新发送这些检查"));
  status.destinations[0].on_hold = 5;
  CHECK(codes(status) == Codes{"quarantined:attention", "on_hold:attention"});
  CHECK(assess(status)[1].en == "3 images for lead on hold, a person must decide");
  status.spool.quarantined_exams.clear();
  CHECK(assess(status)[0].action_en == "Send these exams again from the modality, and check the disk (dmesg); sampan damage lists them, and ends this when you are done.");
}

TEST_CASE("what_the_disk_does_not_read_is_told_by_its_cause_and_not_as_a_slow_network" * doctest::description("contract 9")) {
  NodeStatus status = rich_status();
  status.destinations[0].state = DestinationState::up;
  status.destinations[0].waiting = 2;
  status.destinations[0].oldest_waiting_s = 9999;
  status.spool.unreadable = 2;
  status.spool.unreadable_reason = "read /var/lib/sampan/spool/i1.seg: Input/output error";
  REQUIRE(codes(status) == Codes{"unreadable:failure"});
  CHECK(assess(status)[0].en == "2 images cannot be read from the disk and do not leave: read /var/lib/sampan/spool/i1.seg: Input/output error");
  CHECK(assess(status)[0].zh.starts_with("2 幅图像无法从磁盘读出"));
  CHECK(assess(status)[0].action_en.starts_with("Check the disk (dmesg)"));
  status.destinations[0].waiting = 3;
  CHECK(codes(status) == Codes{"unreadable:failure", "waiting_long:attention"});
}

TEST_CASE("files_that_may_not_be_opened_are_told_with_their_owner_and_the_command_that_gives_them_back" * doctest::description("contract 9")) {
  NodeStatus status = rich_status();
  status.spool.denied = 1;
  status.spool.stranger_file = "/var/lib/sampan/spool/i1.seg";
  status.spool.stranger_owner = "root";
  status.spool.own_user = "sampan";
  REQUIRE(codes(status) == Codes{"denied:failure"});
  const Finding told = assess(status)[0];
  CHECK(told.en.ends_with("are in no count: 1; /var/lib/sampan/spool/i1.seg belongs to root, and this node runs as sampan"));
  CHECK(told.zh.ends_with("属于用户 root，而本机以 sampan 运行"));
  for (const std::string& action : {told.action_en, told.action_zh})
    CHECK(action.find("sudo chown -R sampan: /var/lib/sampan && sudo systemctl restart sampand") != std::string::npos);
  status.spool.unreadable = 4;
  CHECK(assess(status)[1].action_en == told.action_en);
}

TEST_CASE("what_to_do_about_refused_images_follows_from_why_they_are_refused" * doctest::description("contract 2")) {
  NodeStatus status = rich_status();
  status.intake.accepting = false;
  const auto action = [&](const char* reason) {
    status.intake.refusing_reason = reason;
    const Finding told = assess(status)[0];
    CHECK(told.code == "intake_refusing");
    CHECK(told.action_en.ends_with("Keep the images on the modality and send them again after."));
    CHECK(told.action_zh.ends_with("设备上的图像不要删除，恢复后重新发送。"));
    return std::pair(told.action_en, told.action_zh);
  };
  status.spool.bytes = 400'000'000'000;  // of 500 GB used
  const auto full = action("the disk is full: no new images are taken");
  CHECK(full.first.starts_with("Free disk space or restore the upload"));
  CHECK(full.second.starts_with("请腾出磁盘空间或恢复上传"));
  for (const char* dead : {"the disk does not take what is written: write /x: Input/output error", "the ledger cannot be written: nothing more is taken until it can",
                           "statvfs /x: Input/output error"}) {
    const auto told = action(dead);
    CHECK(told.first.starts_with("Check the disk (dmesg, df)"));
    CHECK(told.second.starts_with("请检查磁盘"));
    CHECK(told.first.find("Free disk space") == std::string::npos);
  }
  const auto read_only = action("the disk does not take what is written: open /x: Read-only file system");
  CHECK(read_only.first.starts_with("The disk went read-only: check it (dmesg), and mount it"));
  CHECK(read_only.second.starts_with("磁盘已变为只读"));
  CHECK(action("the disk has no room for more files: no new images are taken").first.find("df -i") != std::string::npos);
  status.destinations[0].proof = "none";
  status.destinations[0].delivered = 9;
  status.destinations[0].archived = 0;
  const auto unproven = action("the disk is full: no new images are taken");
  CHECK(unproven.first.find("storage commitment") != std::string::npos);
  CHECK(unproven.second.find("reclaim_after: accepted") != std::string::npos);
  // Copies are not what fills it: images that wait, or files of others.
  status.destinations[0].waiting_bytes = 300'000'000'000;
  CHECK(action("the disk is full: no new images are taken").first == full.first);
  status.destinations[0].waiting_bytes = 0;
  status.destinations[0].trusted = true;
  CHECK(action("the disk is full: no new images are taken").first == full.first);
}

TEST_CASE("a_disk_that_somebody_else_filled_is_not_blamed_on_copies" * doctest::description("contract 2")) {
  NodeStatus status = rich_status();
  status.destinations[0].proof = "none";
  status.destinations[0].delivered = 9;
  status.destinations[0].archived = 0;
  status.intake.accepting = false;
  status.intake.refusing_reason = "the disk is full: no new images are taken";
  status.spool.bytes = 200'000;
  status.spool.disk_total_bytes = 320'000'000;
  status.spool.disk_free_bytes = 6'000'000;
  status.spool.disk_state = "critical";
  const auto all = assess(status);
  REQUIRE(all.size() >= 2);
  REQUIRE(all[1].code == "disk_critical");
  for (const Finding& told : {all[0], all[1]}) {
    CHECK(told.action_en.starts_with("Others' files fill the disk: 313.8 MB of the 314.0 MB used are not this node's. Remove some of them from the disk of "
                                     "/var/lib/sampan (df -h /var/lib/sampan)"));
    CHECK(told.action_zh.starts_with("占用磁盘的是其他文件：已用 314.0 MB，其中其他文件 313.8 MB。请清理 /var/lib/sampan 所在磁盘上的其他文件"));
  }
}

TEST_CASE("a_full_disk_refuses_images_and_does_not_say_that_it_will") {
  NodeStatus status = rich_status();
  status.spool.disk_total_bytes = 1'000'000'000;
  status.spool.disk_free_bytes = 30'000'000;
  status.spool.disk_state = "critical";
  status.spool.disk_lasts_s = 60;
  CHECK(assess(status)[0].en == "Disk 3 % free (30.0 MB), with nothing leaving there is room for 1 min; images are refused when it is full");
  status.intake.accepting = false;
  status.intake.refusing_reason = "the disk is full: no new images are taken";
  REQUIRE(codes(status) == Codes{"intake_refusing:failure", "disk_critical:failure"});
  CHECK(assess(status)[1].en == "Disk 3 % free (30.0 MB); images are refused");
  CHECK(assess(status)[1].zh == "磁盘仅剩 3%（30.0 MB），已停止接收");
}

TEST_CASE("what_to_do_about_a_caller_follows_from_why_it_was_refused") {
  NodeStatus status = rich_status();
  const auto action = [&](const char* reason) {
    status.intake.refused = {{sample_now, "192.0.2.8", "DR9", "SAMPAN", reason}};
    return assess(status)[0].action_en;
  };
  CHECK(action("the caller asks for an AE title that this node does not have").starts_with("Check AE titles"));
  CHECK(action("the caller's AE title or address is not on the list of callers").starts_with("Check AE titles"));
  CHECK(action("this node has no room for images").starts_with("Nothing to change on the modality"));
  CHECK(action("this node cannot take images just now").starts_with("Nothing to change on the modality"));
  CHECK(action("all associations are in use").find("limits of intake") != std::string::npos);
  CHECK(action("the caller speaks HTTP, but this is a DICOM port: a browser or web client has the wrong port").starts_with("Check the port and the protocol"));
  CHECK(action("the caller asked only for services or transfer syntaxes that are not taken here").find("storage services") != std::string::npos);
  CHECK(action("connected and left without asking for an association").find("scanner") != std::string::npos);
}

TEST_CASE("what_no_route_sends_anywhere_is_told_and_so_is_a_destination_that_was_taken_away") {
  NodeStatus status = rich_status();
  status.stranded = {{"", 1, 60}, {"old", 3, 7200}};
  CHECK(codes(status) == Codes{"no_route:attention", "destination_unknown:attention"});
  CHECK(assess(status)[0].en.starts_with("1 image here that no route sends anywhere, up to "));
  CHECK(assess(status)[1].en.starts_with("3 images waiting for \"old\", which is not in the settings"));
}

TEST_CASE("copies_that_stay_because_who_took_them_left_the_settings_are_told" * doctest::description("contract 4")) {
  NodeStatus status = rich_status();
  status.stranded = {{"old", 0, 0, 3}};
  REQUIRE(codes(status) == Codes{"unproven_by_unknown:attention"});
  CHECK(assess(status)[0].en == "3 images accepted by \"old\" and not proven to be kept; it is not in the settings any more, so the copies stay here");
  status.stranded = {{"old", 2, 60, 3}};
  CHECK(codes(status) == Codes{"unproven_by_unknown:attention", "destination_unknown:attention"});
}

TEST_CASE("what_is_held_or_was_refused_needs_a_person_also_where_its_destination_left_the_settings" * doctest::description("contract 7")) {
  NodeStatus status = rich_status();
  status.stranded = {{"", 0, 0, 0, 1, 0, {"1.2.3"}}, {"old", 0, 0, 0, 2, 3, {"1.2.4", "1.2.5"}}};
  REQUIRE(codes(status) == Codes{"no_route_held:attention", "unknown_held:attention"});
  CHECK(assess(status)[0].en == "1 image on hold that no route sends anywhere, a person must decide; exams 1.2.3");
  CHECK(assess(status)[1].en == "5 images rejected by \"old\" or on hold for it, which is not in the settings; a person must decide; exams 1.2.4, 1.2.5");
  CHECK(assess(status)[1].action_en.ends_with("sudo sampan drop old, and they are routed anew. The story: sampan trace 1.2.4; to let it go on: sampan resume 1.2.4."));
}

TEST_CASE("where_nothing_proves_that_images_are_kept_the_day_the_disk_fills_is_named" * doctest::description("contract 4")) {
  NodeStatus status = rich_status();
  DestinationStatus& lead = status.destinations[0];
  status.spool.disk_lasts_s = 10 * 86'400;
  lead.proof = "none";
  REQUIRE(codes(status) == Codes{"no_proof:attention"});
  CHECK(assess(status)[0].en ==
        "Destination lead cannot prove that it keeps images, so all copies stay here; the disk will be full about 2026-12-02");
  CHECK(assess(status)[0].zh == "目的地 lead 无法证明已归档，本机副本一直保留，磁盘约在 2026-12-02 用满");
  status.spool.disk_lasts_guess = true;
  CHECK(assess(status)[0].en.ends_with("; by its first hours, and so a guess, the disk will be full about 2026-12-02"));
  CHECK(assess(status)[0].zh.ends_with("，按最初数小时粗略估计，磁盘约在 2026-12-02 用满"));
  status.spool.disk_lasts_s = disk_lasts_most_s;
  CHECK(assess(status)[0].en.ends_with("; at this pace the disk lasts for more than ten years"));
  status.spool.disk_lasts_s = 0;
  CHECK(assess(status)[0].en.ends_with("; the disk is full"));
  CHECK(assess(status)[0].zh.ends_with("，磁盘已满"));
  status.spool.disk_lasts_s.reset();
  CHECK(assess(status)[0].en == "Destination lead cannot prove that it keeps images, so all copies stay here");
  lead.trusted = true;
  CHECK(codes(status) == Codes{});
  lead.trusted = false;
  for (const char* proof : {"unknown", "commitment", "query", ""}) {
    lead.proof = proof;
    CHECK(codes(status) == Codes{});
  }
}

TEST_CASE("what_is_accepted_for_more_than_a_day_and_not_proven_is_counted_and_told" * doctest::description("contract 4")) {
  NodeStatus status = rich_status();
  DestinationStatus& lead = status.destinations[0];
  status.spool.disk_lasts_s = 86'400;
  lead.proof = "commitment";
  lead.unproven_long = true;
  REQUIRE(codes(status) == Codes{"unproven:attention"});
  CHECK(assess(status)[0].en ==
        "5 images accepted by lead and not proven to be kept, some for more than a day, so the copies stay here; the disk will be full about 2026-11-23");
  lead.archived = lead.delivered;
  CHECK(codes(status) == Codes{});
  lead.archived = 0;
  lead.proof = "none";
  CHECK(codes(status) == Codes{"no_proof:attention"});
  lead.trusted = true;
  CHECK(codes(status) == Codes{});
}

TEST_CASE("what_a_node_accepted_is_told_whatever_a_person_trusts_while_no_archive_behind_it_has_it" * doctest::description("contract 4")) {
  NodeStatus status = rich_status();
  DestinationStatus& lead = status.destinations[0];
  lead.proof = "commitment";
  lead.unproven_long = lead.trusted = true;
  REQUIRE(codes(status) == Codes{});
  lead.by_node = true;
  REQUIRE(codes(status) == Codes{"unproven:attention"});
  CHECK(assess(status)[0].en == "5 images accepted by lead, a Sampan node, and not proven to be archived behind it, some for more than a day, so the copies stay here");
  CHECK(assess(status)[0].zh == "5 幅图像已由 Sampan 节点 lead 接收，但该节点尚未证明医院已归档，有的已超过一天，本机副本一直保留");
  CHECK(assess(status)[0].action_en.ends_with("of a Sampan node, reclaim_after: accepted lets no copy go."));
  status.spool.disk_free_bytes = 0;
  status.spool.bytes = status.spool.disk_total_bytes / 2;
  status.spool.disk_state = "critical";
  CHECK(assess(status)[0].code == "disk_critical");
  CHECK(assess(status)[0].action_en.starts_with("Copies fill the disk because the Sampan node lead has not proven"));
  CHECK(assess(status)[0].action_zh.starts_with("副本因 Sampan 节点 lead 未证明医院已归档而一直占用磁盘"));
  status.spool = rich_status().spool;
  lead.unproven_long = false;
  CHECK(codes(status) == Codes{});
  lead.proof = "none";
  REQUIRE(codes(status) == Codes{"no_proof:attention"});
  CHECK(assess(status)[0].action_en.starts_with("Take proof: none out of its settings"));
  lead.archived = lead.delivered;
  CHECK(codes(status) == Codes{});
}

TEST_CASE("what_the_lead_loses_again_and_again_is_told_with_the_count_while_it_lasts" * doctest::description("contract 7")) {
  NodeStatus status = rich_status();
  status.destinations[0].lost_often = 4;
  REQUIRE(codes(status) == Codes{"lost_often:attention"});
  CHECK(assess(status)[0].en == "4 images that lead accepted and then did not have, again and again; still sent again");
}

TEST_CASE("what_the_lead_does_not_commit_to_however_often_it_is_sent_is_told_with_the_count" * doctest::description("contract 7")) {
  NodeStatus status = rich_status();
  status.destinations[0].not_committed = 4;
  REQUIRE(codes(status) == Codes{"not_committed:attention"});
  CHECK(assess(status)[0].en.starts_with("4 images that lead accepted and does not commit to keep"));
  CHECK(assess(status)[0].zh.starts_with("4 幅图像 lead 已接收，但其存储承诺报告始终不承诺保存"));
  status.destinations[0].trusted = true;
  CHECK(codes(status) == Codes{});
}

TEST_CASE("images_that_go_another_way_meanwhile_are_told") {
  NodeStatus status = rich_status();
  status.destinations[0].detour_to = "copy";
  status.destinations[0].detoured = 7;
  CHECK(codes(status) == Codes{"on_detour:attention"});
  CHECK(assess(status)[0].en == "Destination lead does not get through, its images go to copy meanwhile, 7 so far");
}

TEST_CASE("a_disk_that_fills_is_told_before_images_are_refused") {
  NodeStatus status = rich_status();
  status.spool.disk_total_bytes = 1'000'000'000;
  status.spool.disk_free_bytes = 120'000'000;
  CHECK(codes(status) == Codes{});
  status.spool.disk_state = "low";
  CHECK(codes(status) == Codes{"disk_low:attention"});
  CHECK(assess(status)[0].en == "Disk 12 % free (120.0 MB); images are refused when it is full");
  status.spool.disk_lasts_s = 6 * 3600;
  CHECK(assess(status)[0].en == "Disk 12 % free (120.0 MB), with nothing leaving there is room for 6 h; images are refused when it is full");
  CHECK(assess(status)[0].zh == "磁盘仅剩 12%（120.0 MB），即使完全无法上传，还可接收 6 小时，用满后将停止接收");
  status.spool.disk_lasts_guess = true;
  CHECK(assess(status)[0].en.find("room for 6 h (a guess, by less than a day); images") != std::string::npos);
  status.spool.disk_state = "critical";
  CHECK(codes(status) == Codes{"disk_critical:failure"});
  status.spool.disk_state = "well";
  CHECK(codes(status) == Codes{});
}

TEST_CASE("refused_images_are_the_worst_news_and_come_first") {
  NodeStatus status = rich_status();
  status.spool.rebuilding = true;
  status.destinations[0].rejected = 1;
  status.intake.accepting = false;
  status.intake.refusing_reason = "disk full";
  CHECK(codes(status) == Codes{"intake_refusing:failure", "rejected:attention", "rebuilding:attention"});
  CHECK(overall(assess(status)) == Verdict::failure);
  CHECK(assess(status)[0].en == "New images are refused: disk full");
  status.intake.enabled = false;
  CHECK(overall(assess(status)) == Verdict::attention);
}

TEST_CASE("a_caller_refused_in_the_last_two_hours_is_shown") {
  NodeStatus status = rich_status();
  status.intake.refused.push_back(
      {WallTime{sample_now.ms - 7'200'000}, "192.0.2.8", "DR9", "SAMPAN", "unknown caller"});
  CHECK(codes(status) == Codes{"caller_refused:attention"});
  const std::string en = assess(status)[0].en;
  CHECK(en ==
        "Connections refused in the last 2 hours: 1, the last from \"DR9\" (192.0.2.8) to \"SAMPAN\": unknown caller");
  status.intake.refused.back().time.ms -= 1;
  CHECK(codes(status) == Codes{});
}

TEST_CASE("every_finding_says_what_to_do_in_both_languages") {
  NodeStatus status = rich_status();
  status.intake.accepting = false;
  status.intake.refused[0].time = status.now;
  status.spool = {.items = 0,
                  .bytes = 0,
                  .quarantined = 1,
                  .denied = 1,
                  .unreadable = 1,
                  .rebuilding = true,
                  .rebuilt_items = 0,
                  .uncounted = 0,
                  .disk_free_bytes = 1,
                  .disk_total_bytes = 1000,
                  .intake_bytes_per_day = 0,
                  .disk_lasts_s = {},
                  .disk_state = "critical"};
  status.destinations.resize(3, status.destinations[1]);
  status.destinations[0].state_age_s = 9999;
  status.destinations[0].rejected = status.destinations[0].on_hold = 1;
  status.destinations[0].detour_to = "x";
  status.destinations[0].blocked_classes = {{"a", "b", "c"}};
  status.destinations[1].state = DestinationState::stopped;
  status.destinations[2].waiting = 2;  // one more than does not read
  status.destinations[2].oldest_waiting_s = 9999;
  status.stranded = {{"", 1, 60, 0, 1}, {"old", 1, 60, 0, 1, 1}};
  const auto findings = assess(status);
  CHECK(findings.size() == 18);
  for (const Finding& finding : findings) {
    CAPTURE(finding.code);
    CHECK_FALSE(finding.zh.empty());
    CHECK_FALSE(finding.en.empty());
    CHECK(finding.action_zh.ends_with("。"));
    CHECK(finding.action_en.ends_with('.'));
  }
}
