// SPDX-License-Identifier: Apache-2.0
#include "cli/exam_view.h"

#include <doctest/doctest.h>

#include "support/zone.h"
#include "unit/control/exam_samples.h"

using namespace sampan;
using namespace sampan::cli;
using namespace sampan::control;

namespace {

// The samples are told in UTC whatever the machine's zone is.
struct InUtc : test::Zone {
  InUtc() : Zone("UTC") {}
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("trace_tells_the_story_in_its_order") {
  const InUtc zone;
  CHECK(show_trace(rich_exams(), Lang::en) ==
        "张*  CT  CHEST  ID *0012  accession *417  emergency (by a person)\n"
        "1.2.840.99.1\n"
        "\n"
        "2026-11-22 08:00  the first image was received from CT1 (192.0.2.7), sent to SAMPAN\n"
        "2026-11-22 08:02  the last one, 12 images in all, 6.3 MB\n"
        "2026-11-22 08:03  lead: accepted the first one\n"
        "2026-11-22 08:10  lead: accepted the latest one, 9 images delivered\n"
        "2026-11-22 08:15  lead: proven archived, 4 images\n"
        "now               lead: 2 images waiting, received at 2026-11-22 08:00 (1 h ago), 3 tries, next in 42 s: 0xA700 out of resources\n"
        "                  lead: 1 image rejected, received at 2026-11-22 08:01 (59 min ago): 0xA900 does not match\n"
        "                  专家: added by a person\n"
        "                  专家: the whole exam is held by a person\n");
}

TEST_CASE("trace_says_what_waits_for_a_window") {
  const InUtc zone;
  ExamList list = rich_exams();
  list.exams[0].destinations[0].window_closed = true;
  list.exams[0].destinations[0].window_opens = WallTime{1'795'384'800'000};
  list.now = WallTime{1'795'384'800'000 - 3'600'000};
  CHECK(has(show_trace(list, Lang::en), "3 tries, waits for its window, opens at 22:00: 0xA700"));
  CHECK(has(show_trace(list, Lang::zh), "已尝试 3 次，等待上传时段，22:00 开始："));
  CHECK_FALSE(has(show_trace(list, Lang::en), "next in"));
  CHECK(has(show_trace(list, Lang::en), "1 image rejected, received at 2026-11-22 08:01"));
}

TEST_CASE("trace_speaks_chinese") {
  const InUtc zone;
  CHECK(show_trace(rich_exams(), Lang::zh) ==
        "张*  CT  CHEST  ID *0012  检查号 *417  急诊（人工指定）\n"
        "1.2.840.99.1\n"
        "\n"
        "2026-11-22 08:00  收到第一幅图像，来自 CT1 (192.0.2.7)，发给 SAMPAN\n"
        "2026-11-22 08:02  收到最后一幅，共 12 幅，6.3 MB\n"
        "2026-11-22 08:03  lead：接收了第一幅\n"
        "2026-11-22 08:10  lead：最近一次接收，已送达 9 幅\n"
        "2026-11-22 08:15  lead：确认归档，共 4 幅\n"
        "现在              lead：2 幅 等待上传，收到于 2026-11-22 08:00（1 小时前），已尝试 3 次，42 秒后重试：0xA700 对方资源不足（可能磁盘已满）\n"
        "                  lead：1 幅 被拒收，收到于 2026-11-22 08:01（59 分前）：0xA900 does not match\n"
        "                  专家：由人工指定发往\n"
        "                  专家：整个检查已由人工暂停\n");
}

TEST_CASE("an_exam_that_arrived_everywhere_says_so") {
  ExamList list = rich_exams();
  ExamDestination& lead = list.exams[0].destinations[0];
  lead.waiting = lead.rejected = 0;
  lead.reasons.clear();
  list.exams[0].destinations.pop_back();
  CHECK(has(show_trace(list, Lang::en), "now               lead: all of them are delivered\n"));
  CHECK_FALSE(needs_a_person(list));
  lead.archived = lead.delivered;
  CHECK(has(show_trace(list, Lang::zh), "lead：全部归档\n"));
  list.more = true;
  CHECK(has(show_trace(list, Lang::en), "There are more; ask by study UID."));
}

TEST_CASE("today_is_a_line_for_each_exam_and_its_columns_stay_straight") {
  const InUtc zone;
  ExamList list = rich_exams();
  list.exams.push_back(list.exams[0]);
  list.exams[1].patient_name = "Chen X*";
  list.exams[1].destinations.resize(1);
  list.exams[1].destinations[0] = {};
  list.exams[1].destinations[0].delivered = list.exams[1].destinations[0].archived = 12;
  CHECK(show_today(list, Lang::en) ==
        "first  name     ID     kind  received  arrived  archived  last image\n"
        "08:00  张*      *0012  CT          12        0         0  08:02       waiting 2, on hold 12, rejected 1\n"
        "08:00  Chen X*  *0012  CT          12       12        12  08:02\n");
  CHECK(show_today(list, Lang::zh) ==
        "首幅   姓名     ID     类型  收到  送达  归档  末幅   备注\n"
        "08:00  张*      *0012  CT      12     0     0  08:02  等待 2，暂停 12，拒收 1\n"
        "08:00  Chen X*  *0012  CT      12    12    12  08:02\n");
  CHECK(needs_a_person(list));
  CHECK(show_today({}, Lang::en) == "No image was received today.\n");
  ExamList early;
  early.incomplete = true;
  CHECK(show_today(early, Lang::en) == "Not everything is in the index yet: exams and images may be missing here.\n");
  CHECK(has(show_trace(early, Lang::zh), "索引尚不完整"));
}

TEST_CASE("an_exam_that_matches_no_route_is_not_said_to_wait_and_asks_for_a_person") {
  ExamList list = rich_exams();
  list.exams[0].destinations.resize(1);
  ExamDestination& none = list.exams[0].destinations[0] = {};
  none.waiting = 12;
  none.reasons.push_back({"waiting", "", 12, 0, list.now, {}});
  CHECK(has(show_trace(list, Lang::zh), "（无路由）：12 幅 不会上传，除非路由符合或用 sampan push 加 --to 指明目的地，"));
  CHECK(has(show_trace(list, Lang::en), "(no route): 12 images do not leave until a route matches or sampan push with --to names a destination, "));
  CHECK(has(show_today(list, Lang::zh), "无路由 12"));
  CHECK(needs_a_person(list));
}

TEST_CASE("what_was_ordered_to_be_sent_again_is_not_said_to_have_arrived") {
  ExamList list = rich_exams();
  ExamDestination& lead = list.exams[0].destinations[0];
  lead.delivered = lead.archived = 0;
  CHECK(has(show_trace(list, Lang::zh), "lead：最近一次接收；此后已要求重新上传\n"));
}

TEST_CASE("what_a_header_says_cannot_drive_the_terminal_of_who_traces") {
  ExamList list = rich_exams();
  list.exams[0].calling_ae = "\x1b[2J";
  CHECK_FALSE(has(show_trace(list, Lang::en), "\x1b"));
}
