// SPDX-License-Identifier: Apache-2.0
#include "cli/telemetry_verbs.h"

#include <doctest/doctest.h>

#include "cli/exit_code.h"
#include "cli/queue_view.h"
#include "cli/status_view.h"

using namespace sampan;
using namespace sampan::cli;
using namespace sampan::control;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

KnownDevice device() {
  KnownDevice known;
  known.manufacturer = "东软";
  known.model = "DR 7";
  known.serial = "S1";
  known.software = "V2";
  known.ae_title = "DR1";
  known.address = "192.0.2.7";
  known.last_image = "2026-11-26T12:00:00.000Z";
  known.images_today = 38;
  return known;
}

}  // namespace

TEST_CASE("devices_are_a_line_each_and_refused_callers_are_told_with_what_to_do") {
  Inventory inventory;
  CHECK(show_devices(inventory, Lang::en) == "No device has sent an image yet.\n");
  CHECK(show_devices(inventory, Lang::zh) == "尚未收到任何设备的图像。\n");
  inventory.devices.push_back(device());
  KnownCaller caller;
  caller.ae_title = "X\x1b[2J";
  caller.address = "192.0.2.9";
  inventory.callers.push_back(caller);
  CHECK_FALSE(has(show_devices(inventory, Lang::en), "192.0.2.9"));  // connects and was never refused
  inventory.callers[0].refused = 3;
  inventory.callers[0].refused_reason = "not on the list";
  const std::string text = show_devices(inventory, Lang::en);
  CHECK(has(text, "东软 DR 7"));
  CHECK(has(text, "DR1 @ 192.0.2.7"));
  CHECK(has(text, "38"));
  CHECK(has(text, "(192.0.2.9) refused 3 times"));
  CHECK(has(text, "intake.callers"));
  CHECK_FALSE(has(text, "\x1b"));
  CHECK(has(show_devices(inventory, Lang::zh), "被拒绝 3 次"));
}

TEST_CASE("what_one_caller_was_refused_is_counted_once_for_all_devices_behind_it") {
  Inventory inventory;
  for (const char* serial : {"S1", "S2"}) {
    inventory.devices.push_back(device());
    inventory.devices.back().serial = serial;
    inventory.devices.back().refused = 4321;
  }
  const std::string text = show_devices(inventory, Lang::zh);
  CHECK(text.find("4321") == text.rfind("4321"));
  CHECK(has(text, "同上"));
  inventory.devices[1].address = "192.0.2.99";
  CHECK_FALSE(has(show_devices(inventory, Lang::zh), "同上"));
}

TEST_CASE("devices_are_well_when_there_are_some_and_nobody_was_refused_lately") {
  Inventory inventory;
  CHECK(judge_devices(inventory) == exit_attention);
  inventory.devices.push_back(device());
  CHECK(judge_devices(inventory) == exit_good);
  inventory.callers.emplace_back();
  inventory.callers[0].refused = 1;
  CHECK(judge_devices(inventory) == exit_good);
  inventory.callers[0].refused_lately = true;
  CHECK(judge_devices(inventory) == exit_attention);
}

TEST_CASE("events_are_told_oldest_first_and_what_is_open_comes_last_with_what_to_do") {
  Happenings happenings;
  CHECK(show_events(happenings, Lang::zh) == "没有事件。\n");
  happenings.events.push_back({"2026-11-26T12:00:00.000Z", "dest.down", "warning", "opened", "c", 1, "lead is away", "牵头医院中断", "", ""});
  happenings.events.push_back({"2026-11-26T12:10:00.000Z", "security.unknown_ae", "info", "closed", "d", 9, "refused", "已拒绝", "", ""});
  happenings.open.push_back({"2026-11-26T12:00:00.000Z", "dest.down", "warning", "", "c", 4, "lead is away", "牵头医院中断", "wait", "等待"});
  const std::string text = show_events(happenings, Lang::en);
  CHECK(text.find("lead is away") < text.find("refused"));
  CHECK(text.find("refused") < text.find("Still open"));
  CHECK(has(text, "  wait\n"));
  CHECK(has(text, "over"));
  const std::string zh = show_events(happenings, Lang::zh);
  CHECK(has(zh, "尚未解决"));
  CHECK(has(zh, "等待"));
  CHECK(has(zh, "结束"));
}

TEST_CASE("the_reason_at_the_end_of_an_event_or_a_refusal_is_told_in_chinese") {
  Happenings happenings;
  const std::string en = "Destination lead is out of reach: no connection: Connection refused", zh = "目的地 lead 无法送达：no connection: Connection refused";
  happenings.events.push_back({"2026-11-26T12:00:00.000Z", "dest.down", "warning", "opened", "c", 1, en, zh, "", ""});
  happenings.open.push_back({"2026-11-26T12:00:00.000Z", "dest.down", "warning", "", "c", 4, "Down: 0xA700 out of resources", "中断：甲：0xA700 out of resources", "", ""});
  CHECK(has(show_events(happenings, Lang::en), en));
  const std::string text = show_events(happenings, Lang::zh);
  CHECK(has(text, "目的地 lead 无法送达：无法连接：对方拒绝连接（服务未启动或端口错误）「Connection refused」"));
  CHECK(has(text, "中断：甲：0xA700 对方资源不足（可能磁盘已满）"));
  Inventory inventory;
  inventory.callers.emplace_back();
  inventory.callers[0].refused = 1;
  inventory.callers[0].refused_reason = "all associations are in use";
  CHECK(has(show_devices(inventory, Lang::zh), "本机连接数已满"));
}

TEST_CASE("waiting_telemetry_is_told_beside_the_images") {
  NodeStatus status;
  status.destinations.emplace_back();
  status.destinations[0].name = "lead";
  CHECK_FALSE(has(show_queue(status, Lang::en), "events"));
  status.destinations[0].telemetry_waiting = 12;
  CHECK(has(show_queue(status, Lang::en), "lead: 12 events and samples wait as well\n"));
  CHECK(has(show_queue(status, Lang::zh), "另有 12 项事件和采样待传"));
  status.destinations[0].telemetry_delivered = 30;
  CHECK(has(show_status(status, Lang::en), "waiting 0, delivered 0\n"));
  CHECK(has(show_status(status, Lang::en), "events and samples: waiting 12, delivered 30\n"));
  status.destinations[0].courier = "http";  // gets nothing else
  CHECK_FALSE(has(show_status(status, Lang::en), "waiting 0, delivered 0\n"));
  CHECK(has(show_status(status, Lang::zh), "事件和采样：积压 12，已送达 30\n"));
}
