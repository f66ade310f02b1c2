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

TEST_CASE("a_destination_that_refuses_this_node_is_a_failure") {
  NodeStatus status = rich_status();
  status.destinations[0].state = DestinationState::stopped;
  CHECK(codes(status) == Codes{"destination_stopped:failure"});
}

TEST_CASE("images_that_need_a_person_are_told") {
  NodeStatus status = rich_status();
  status.destinations[0].rejected = 1;
  status.destinations[0].on_hold = 2;
  status.destinations[1].blocked_classes = {{"1.2.3", "1.2.4", "not enabled"}};
  status.spool.quarantined = 3;
  CHECK(codes(status) ==
        Codes{"rejected:attention", "on_hold:attention", "class_blocked:attention", "quarantined:attention"});
  CHECK(assess(status)[0].en == "1 image rejected by lead, a person must decide");
  CHECK(assess(status)[1].zh == "2 幅发往 lead 的图像已暂停，需人工处理");
}

TEST_CASE("what_no_route_sends_anywhere_is_told_and_so_is_a_destination_that_was_taken_away") {
  NodeStatus status = rich_status();
  status.stranded = {{"", 1, 60}, {"old", 3, 7200}};
  CHECK(codes(status) == Codes{"no_route:attention", "destination_unknown:attention"});
  CHECK(assess(status)[0].en.starts_with("1 image here that no route sends anywhere, up to "));
  CHECK(assess(status)[1].en.starts_with("3 images waiting for \"old\", which is not in the settings"));
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

TEST_CASE("what_the_lead_loses_again_and_again_is_told_with_the_count_while_it_lasts" * doctest::description("contract 7")) {
  NodeStatus status = rich_status();
  status.destinations[0].lost_often = 4;
  REQUIRE(codes(status) == Codes{"lost_often:attention"});
  CHECK(assess(status)[0].en == "4 images that lead accepted and then did not have, again and again; still sent again");
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
  status.spool.disk_full_in_s = 6 * 3600;
  CHECK(assess(status)[0].en == "Disk 12 % free (120.0 MB), full in 6 h as it filled lately; images are refused when it is full");
  CHECK(assess(status)[0].zh == "磁盘仅剩 12%（120.0 MB），按近期趋势 6 小时后用满，用满后将停止接收");
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
                  .rebuilding = true,
                  .rebuilt_items = 0,
                  .disk_free_bytes = 1,
                  .disk_total_bytes = 1000,
                  .intake_bytes_per_day = 0,
                  .disk_lasts_s = {},
                  .disk_state = "critical",
                  .disk_full_in_s = {}};
  status.destinations.resize(3, status.destinations[1]);
  status.destinations[0].state_age_s = 9999;
  status.destinations[0].rejected = status.destinations[0].on_hold = 1;
  status.destinations[0].detour_to = "x";
  status.destinations[0].blocked_classes = {{"a", "b", "c"}};
  status.destinations[1].state = DestinationState::stopped;
  status.destinations[2].waiting = 1;
  status.destinations[2].oldest_waiting_s = 9999;
  status.stranded = {{"", 1, 60}, {"old", 1, 60}};
  const auto findings = assess(status);
  CHECK(findings.size() == 14);
  for (const Finding& finding : findings) {
    CAPTURE(finding.code);
    CHECK_FALSE(finding.zh.empty());
    CHECK_FALSE(finding.en.empty());
    CHECK(finding.action_zh.ends_with("。"));
    CHECK(finding.action_en.ends_with('.'));
  }
}
