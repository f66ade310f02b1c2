// SPDX-License-Identifier: Apache-2.0
#include "telemetry/rules.h"

#include "core/limits.h"
#include "fixture.h"
#include "telemetry/event_words.h"
#include "telemetry/views.h"

using namespace sampan;
using namespace sampan::test;
using namespace sampan::telemetry;
using namespace std::chrono_literals;
using What = News::What;

TEST_SUITE_BEGIN("rules");

namespace {

struct Scene {
  Rules rules{5min, "/state"};
  HandClock clock;
  std::vector<Event> all;

  Now now() const { return {clock.wall(), clock.mono()}; }
  std::vector<Event> news() {
    rules.pass(now());
    auto events = rules.take();
    all.insert(all.end(), events.begin(), events.end());
    return events;
  }
  std::vector<Event> after(Millis time) {
    clock.pass(time);
    return news();
  }
  std::vector<Event> tell(What what, const std::string& subject, const std::string& reason = "why", const std::string& place = {},
                          const std::string& detail = {}, std::uint16_t code = 0) {
    rules.happened({what, subject, place, detail, reason, code, clock.wall(), clock.mono()});
    return news();
  }
  std::vector<Event> refuse(const std::string& ae, std::uint16_t code = 0x0103) {
    return tell(What::caller_refused, ae, "not on the list", "192.0.2.9", "SAMPAN", code);
  }
  Gauges gauges(std::uint64_t free_percent = 50) const {
    Gauges picture;
    picture.uptime_s = 3600;
    picture.disk_total_bytes = 1'000'000'000;
    picture.disk_free_bytes = free_percent * 10'000'000;
    picture.disk = free_percent < 5 ? Gauges::Disk::critical : free_percent < 22 ? Gauges::Disk::low : Gauges::Disk::well;
    picture.destinations.push_back({});
    picture.destinations[0].name = "lead";
    return picture;
  }
  std::vector<Event> measure(const Gauges& picture) {
    rules.measured(picture, now());
    return news();
  }
};

std::string names(const std::vector<Event>& events) {
  std::string text;
  for (const Event& event : events) text += (text.empty() ? "" : " ") + event.name + ":" + std::string(to_string(event.stage));
  return text;
}

}  // namespace

TEST_CASE("an_unknown_caller_is_one_event_however_often_it_tries_and_its_end_says_how_often") {
  Scene scene;
  CHECK(names(scene.refuse("X")) == "security.unknown_ae:opened");
  for (int i = 0; i < 8; ++i) {
    scene.clock.pass(2min);
    CHECK(scene.refuse("X").empty());
  }
  CHECK(scene.rules.alarms().all().begin()->second.count == 9);
  CHECK(scene.after(59min).empty());
  const auto over = scene.after(2min);
  REQUIRE(names(over) == "security.unknown_ae:closed");
  CHECK(over[0].count == 9);
  CHECK(names(scene.refuse("X")) == "security.unknown_ae:opened");
}

TEST_CASE("ten_attempts_within_ten_minutes_are_critical_and_said_once") {
  Scene scene;
  for (int i = 0; i < 30; ++i) scene.refuse("X");
  CHECK(names(scene.all) == "security.unknown_ae:opened security.unknown_ae:worse");
  CHECK(scene.all[1].severity == Severity::critical);
  CHECK(scene.all[1].count == 10);
}

TEST_CASE("somebody_who_tries_name_after_name_makes_a_bounded_number_of_events" * doctest::description("contract 10")) {
  Scene scene;
  for (int i = 0; i < 5000; ++i) scene.refuse("X" + std::to_string(i));
  CHECK(scene.all.size() < 20);
  CHECK(scene.rules.alarms().all().size() < 20);
  CHECK(names(scene.refuse("Y", 0x0107)) == "assoc.rejected:opened");
}

TEST_CASE("a_short_outage_is_no_event_a_long_one_is_told_with_the_time_it_began") {
  Scene scene;
  CHECK(scene.tell(What::destination_down, "lead").empty());
  CHECK(scene.after(4min).empty());
  CHECK(scene.tell(What::destination_up, "lead").empty());
  CHECK(scene.after(1h).empty());
  const WallTime began = scene.clock.wall();
  scene.tell(What::destination_down, "lead");
  const auto down = scene.after(5min);
  REQUIRE(names(down) == "dest.down:opened");
  CHECK(down[0].time == began);
  CHECK(scene.tell(What::destination_down, "lead").empty());
  const auto worse = scene.after(55min);
  REQUIRE(names(worse) == "dest.down:worse");
  CHECK(worse[0].severity == Severity::critical);
  CHECK(scene.after(24h).empty());
  const auto up = scene.tell(What::destination_up, "lead");
  REQUIRE(names(up) == "dest.up:closed");
  CHECK(up[0].attributes.at("seconds") == std::to_string((25 * 60) * 60));
  CHECK(scene.rules.alarms().all().empty());
}

TEST_CASE("since_when_and_for_how_long_something_lasts_is_told_right_although_the_clock_was_set_meanwhile" * doctest::description("contract 7")) {
  constexpr std::int64_t years_ms = 3650 * 86'400'000LL;
  std::int64_t set_by = 0;
  const ByNow by_now = [&](WallTime kept) { return WallTime{kept.ms + set_by}; };
  Rules rules(5min, "/state", by_now);
  HandClock clock;
  const auto tell = [&](What what) { rules.happened({what, "lead", "", "", "why", 0, clock.wall(), clock.mono()}); };
  tell(What::destination_down);
  clock.pass(10min);
  rules.pass({clock.wall(), clock.mono()});
  REQUIRE(names(rules.take()) == "dest.down:opened");
  SUBCASE("forth") { set_by = years_ms; }
  SUBCASE("back") { set_by = -years_ms; }
  clock.wall_ms += set_by;
  const std::string shown = events_view({}, rules.alarms(), clock.wall(), nullptr, by_now);
  CHECK(shown.find("\"opened\":\"" + to_iso8601({clock.wall_ms - 600'000}) + "\"") != shown.npos);
  tell(What::destination_up);
  const auto up = rules.take();
  REQUIRE(names(up) == "dest.up:closed");
  CHECK(up[0].attributes.at("seconds") == "600");
}

TEST_CASE("what_was_missed_or_open_before_a_restart_is_closed_by_the_picture") {
  Scene scene;
  Alarm old;
  old.name = "dest.down";
  old.attributes = {{"dest", "lead"}};
  old.count = 1;
  scene.rules.alarms().restore("dest.down/lead", old, scene.clock.mono());
  old.name = "dest.class_blocked";
  old.attributes = {{"dest", "lead"}, {"sop_class", "1.2"}, {"transfer_syntax", "1.3"}};
  scene.rules.alarms().restore("dest.class_blocked/lead/1.2/1.3", old, scene.clock.mono());
  CHECK(scene.measure(scene.gauges()).empty());
  auto picture = scene.gauges();
  picture.destinations[0].state = DestinationGauges::State::up;
  picture.destinations[0].blocked = {{"1.2", "1.3"}};
  CHECK(names(scene.measure(picture)) == "dest.up:closed");
  picture.destinations[0].blocked.clear();
  CHECK(names(scene.measure(picture)) == "dest.class_unblocked:closed");
}

TEST_CASE("a_class_is_blocked_and_unblocked_a_destination_refuses_and_an_item_is_rejected") {
  Scene scene;
  CHECK(names(scene.tell(What::class_blocked, "lead", "why", "1.2", "1.3")) == "dest.class_blocked:opened");
  CHECK(scene.tell(What::class_blocked, "lead", "why", "1.2", "1.3").empty());
  CHECK(names(scene.tell(What::class_unblocked, "lead", "", "1.2", "1.3")) == "dest.class_unblocked:closed");
  const auto refuses = scene.tell(What::destination_refuses, "lead");
  REQUIRE(names(refuses) == "dest.auth_failed:opened");
  CHECK(refuses[0].severity == Severity::critical);
  CHECK(names(scene.tell(What::destination_up, "lead")) == "dest.up:closed");
  // A destination that rejects events as well does not make an event of each.
  for (int i = 0; i < 100; ++i) scene.tell(What::item_rejected, "lead", "HTTP 400");
  CHECK(scene.rules.alarms().find("instance.rejected/lead/HTTP 400")->count == 100);
  CHECK(names(scene.tell(What::file_set_aside, "/drop", "no DICOM")) == "instance.quarantined:opened");
  const auto incomplete = scene.tell(What::medium_incomplete, "/drop", "", "", "12");
  REQUIRE(names(incomplete) == "study.incomplete:once");
  CHECK(incomplete[0].count == 12);
}

TEST_CASE("one_alarm_stands_for_a_destination_and_it_has_the_newest_reason") {
  using State = DestinationGauges::State;
  Scene scene;
  const auto open = [&scene] {
    std::string text;
    for (const auto& [cause, alarm] : scene.rules.alarms().all()) text += cause + "=" + alarm.attributes.at("reason") + " ";
    return text;
  };
  auto picture = scene.gauges();
  picture.destinations[0].state = State::down;
  picture.destinations[0].last_error = "no answer in time";
  scene.tell(What::destination_down, "lead", "no connection");
  scene.measure(picture);
  const auto down = scene.after(5min);
  REQUIRE(names(down) == "dest.down:opened");
  CHECK(down[0].attributes.at("reason") == "no answer in time");
  picture.destinations[0].last_error = "HTTP 503";
  CHECK(scene.measure(picture).empty());
  CHECK(open() == "dest.down/lead=HTTP 503 ");
  // It answers, and refuses: not out of reach any more.
  CHECK(names(scene.tell(What::destination_refuses, "lead", "HTTP 401")) == "dest.down:closed dest.auth_failed:opened");
  CHECK(open() == "dest.auth_failed/lead=HTTP 401 ");
  // And out of reach for long: what it would say is not known any more.
  scene.tell(What::destination_down, "lead", "no connection");
  CHECK(open() == "dest.auth_failed/lead=HTTP 401 ");
  CHECK(names(scene.after(5min)) == "dest.auth_failed:closed dest.down:opened");
  // An outage that has not been told yet is none once it refuses.
  CHECK(names(scene.tell(What::destination_up, "lead")) == "dest.up:closed");
  scene.tell(What::destination_down, "lead");
  CHECK(names(scene.tell(What::destination_refuses, "lead", "HTTP 401")) == "dest.auth_failed:opened");
  CHECK(scene.after(10min).empty());
}

TEST_CASE("what_contradicts_the_picture_after_a_restart_is_closed") {
  Scene scene;
  Alarm old;
  old.name = "dest.down";
  old.attributes = {{"dest", "lead"}, {"reason", "no connection"}};
  old.count = 1;
  scene.rules.alarms().restore("dest.down/lead", old, scene.clock.mono());
  auto picture = scene.gauges();
  picture.destinations[0].state = DestinationGauges::State::refuses;
  CHECK(names(scene.measure(picture)) == "dest.down:closed");
  CHECK(scene.rules.alarms().all().empty());
}

TEST_CASE("a_device_refused_for_want_of_room_is_told_so_until_the_disk_has_room_also_over_a_restart") {
  Scene scene;
  scene.measure(scene.gauges(3));
  const auto refused = scene.tell(What::caller_refused, "CT1", "this node has no room for images", "192.0.2.9", "SAMPAN", 0x0301);
  REQUIRE(names(refused) == "assoc.rejected:opened");
  const EventWords words = words_of(refused[0], nullptr);
  CHECK(words.en == "A device at 192.0.2.9 was refused for want of room here, 1 times so far: this node has no room for images");
  CHECK(words.action_en.starts_with("Nothing to change on the modality."));
  CHECK(words.action_zh.starts_with("设备无需改动。"));
  scene.refuse("STRANGER");
  CHECK(scene.measure(scene.gauges(10)).empty());
  const Alarm kept = *scene.rules.alarms().find(refused[0].cause);
  CHECK(names(scene.measure(scene.gauges(30))) == "disk.ok:closed assoc.rejected:closed");
  CHECK(scene.rules.alarms().find(refused[0].cause) == nullptr);
  CHECK(scene.rules.alarms().all().size() == 1);
  Scene again;
  again.rules.alarms().restore(refused[0].cause, kept, again.clock.mono());
  again.measure(again.gauges(30));
  CHECK(again.rules.alarms().all().empty());
}

TEST_CASE("a_file_that_was_not_taken_is_no_matter_of_the_disk") {
  Scene scene;
  const auto told = scene.tell(What::file_set_aside, "/drop", "it is not a DICOM file");
  REQUIRE(told.size() == 1);
  CHECK(words_of(told[0], nullptr).en == "Files in /drop that are not taken (1): it is not a DICOM file");
  CHECK(words_of(told[0], nullptr).action_en.find("disk") == std::string::npos);
  CHECK(words_of(told[0], nullptr).action_zh.find("磁盘") == std::string::npos);
  Event damaged;
  damaged.name = "instance.quarantined";
  damaged.attributes = {{"reason", "what is stored does not verify"}};
  CHECK(words_of(damaged, nullptr).action_zh.find("磁盘") != std::string::npos);
}

TEST_CASE("the_disk_is_low_then_critical_then_well_and_one_alarm_stands_for_it") {
  Scene scene;
  CHECK(scene.measure(scene.gauges(30)).empty());
  auto filling = scene.gauges(30);
  filling.disk = Gauges::Disk::low;
  filling.disk_lasts_s = 59 * 3600;
  const auto opened = scene.measure(filling);
  REQUIRE(names(opened) == "disk.low:opened");
  CHECK(opened[0].attributes.at("hours") == "59");
  CHECK(opened[0].attributes.at("free_percent") == "30");
  CHECK(scene.measure(scene.gauges(18)).empty());
  CHECK(names(scene.measure(scene.gauges(4))) == "disk.critical:worse");
  CHECK(scene.measure(scene.gauges(21)).empty());
  CHECK(names(scene.measure(scene.gauges(23))) == "disk.ok:closed");
}

TEST_CASE("images_that_go_nowhere_are_one_alarm_for_each_reason_and_it_ends_when_they_go") {
  Scene scene;
  auto picture = scene.gauges();
  picture.stranded = {{"", 3, 1000, 60}, {"old", 0, 0, 0}};
  const auto opened = scene.measure(picture);
  REQUIRE(names(opened) == "route.none:opened");
  CHECK(opened[0].cause == "route.none/");
  CHECK(opened[0].attributes.at("waiting") == "3");
  picture.stranded = {{"", 5, 1000, 60}, {"old", 2, 1000, 60}};
  REQUIRE(names(scene.measure(picture)) == "route.none:opened");
  CHECK(scene.rules.alarms().find("route.none/")->attributes.at("waiting") == "5");
  CHECK(scene.all.back().cause == "route.none/old");
  picture.stranded = {{"old", 2, 1000, 60}};
  const auto closed = scene.measure(picture);
  REQUIRE(names(closed) == "route.none:closed");
  CHECK(closed[0].cause == "route.none/");
  CHECK(closed[0].severity == Severity::info);
  CHECK(names(scene.measure(scene.gauges())) == "route.none:closed");
}

TEST_CASE("a_detour_is_an_alarm_until_it_ends_also_when_its_end_was_missed") {
  Scene scene;
  const auto opened = scene.tell(What::detour_begins, "lead", {}, "copy");
  REQUIRE(names(opened) == "dest.detour:opened");
  CHECK(opened[0].attributes.at("to") == "copy");
  auto picture = scene.gauges();
  picture.destinations[0].state = DestinationGauges::State::up;
  picture.destinations[0].detour_to = "copy";
  CHECK(scene.measure(picture).empty());
  CHECK(names(scene.tell(What::detour_ends, "lead", {}, "copy")) == "dest.detour:closed");
  scene.tell(What::detour_begins, "lead", {}, "copy");
  picture.destinations[0].state = DestinationGauges::State::down;
  picture.destinations[0].detour_to.clear();
  CHECK(names(scene.measure(picture)) == "dest.detour:closed");
  scene.tell(What::detour_begins, "gone", {}, "copy");
  CHECK(names(scene.measure(picture)) == "dest.detour:closed");
}

TEST_CASE("what_a_destination_does_not_prove_or_loses_again_and_again_is_told_once_until_it_is_over") {
  using Proof = DestinationGauges::Proof;
  Scene scene;
  auto picture = scene.gauges();
  picture.uptime_s = 60;
  DestinationGauges& lead = picture.destinations[0];
  lead.state = DestinationGauges::State::up;
  CHECK(scene.measure(picture).empty());
  lead.proof = Proof::none;
  lead.unproven_long = true;  // it proves nothing at all: that says it
  const auto opened = scene.measure(picture);
  REQUIRE(names(opened) == "dest.no_proof:opened");
  CHECK(opened[0].attributes.at("dest") == "lead");
  CHECK(scene.measure(picture).empty());
  lead.proof = Proof::unknown;  // after a restart
  lead.unproven_long = false;
  CHECK(scene.measure(picture).empty());
  lead.proof = Proof::given;
  CHECK(names(scene.measure(picture)) == "dest.no_proof:closed");
  lead.unproven_long = true;
  CHECK(names(scene.measure(picture)) == "dest.unproven:opened");
  CHECK(scene.measure(picture).empty());
  lead.unproven_long = false;
  CHECK(names(scene.measure(picture)) == "dest.unproven:closed");
  lead.lost_often = 2;
  const auto lost = scene.measure(picture);
  REQUIRE(names(lost) == "dest.lost_often:opened");
  CHECK(lost[0].attributes.at("images") == "2");
  CHECK(scene.measure(picture).empty());
  lead.lost_often = 0;  // nobody knows yet after a start
  CHECK(scene.measure(picture).empty());
  picture.uptime_s = 3600;
  CHECK(names(scene.measure(picture)) == "dest.lost_often:closed");
  lead.proof = Proof::none;
  CHECK(names(scene.measure(picture)) == "dest.no_proof:opened");
  picture.destinations.clear();
  CHECK(names(scene.measure(picture)) == "dest.no_proof:closed");
}

TEST_CASE("only_what_is_quarantined_or_in_conflict_anew_is_told") {
  Scene scene;
  scene.rules.quarantined = 2;
  auto picture = scene.gauges();
  picture.quarantined = 2;
  CHECK(scene.measure(picture).empty());
  picture.quarantined = 5;
  picture.conflicts = 1;
  picture.samples_shed = 7;
  const auto told = scene.measure(picture);
  REQUIRE(names(told) == "instance.quarantined:once instance.conflict:once telemetry.dropped:opened");
  CHECK(told[0].count == 3);
  CHECK(told[2].count == 7);
  CHECK(scene.measure(picture).empty());
}

TEST_CASE("what_may_have_been_acknowledged_and_is_incomplete_is_told_once_until_none_is_left" * doctest::description("contract 1")) {
  Scene scene;
  auto picture = scene.gauges();
  CHECK(scene.measure(picture).empty());
  picture.doubtful = 1;
  const auto told = scene.measure(picture);
  REQUIRE(names(told) == "spool.doubtful:opened");
  CHECK(told[0].attributes.at("places") == "1");
  CHECK(told[0].severity == Severity::warning);
  picture.doubtful = 2;
  CHECK(scene.measure(picture).empty());
  picture.doubtful = 0;
  CHECK(names(scene.measure(picture)) == "spool.doubtful:closed");
  CHECK(scene.measure(picture).empty());
}

TEST_CASE("a_clock_that_jumped_is_told_with_its_direction") {
  Scene scene;
  scene.rules.clock_stepped(-2500, scene.clock.wall());
  scene.rules.clock_stepped(28'800'000, scene.clock.wall());
  const auto told = scene.news();
  REQUIRE(told.size() == 2);
  CHECK(told[0].attributes.at("seconds") == "-2.5");
  CHECK(told[0].severity == Severity::warning);
  CHECK(told[1].severity == Severity::critical);
}

TEST_CASE("every_event_says_what_happened_in_both_languages_and_survives_the_way_through_its_line") {
  for (const EventRow& row : event_table()) {
    CAPTURE(row.name);
    Event event;
    event.name = row.name;
    const EventWords words = words_of(event, nullptr);
    CHECK_FALSE(words.en.empty());
    CHECK_FALSE(words.zh.empty());
    CHECK(words.action_en.empty() == words.action_zh.empty());
    if (row.severity != Severity::info) CHECK_FALSE(words.action_en.empty());
    event.id = make_uuid7({1'795'000'000'123}, system_random());
    event.node = "青山镇";
    event.series = "s";
    event.seq = 3;
    event.time = {1'795'000'000'123};
    event.severity = row.severity;
    event.stage = Stage::worse;
    event.cause = "c";
    event.device = "d";
    event.count = 5;
    event.attributes = {{"dest", "lead \"x\""}, {"reason", "\xff"}};
    const std::string line = event_line(event, nullptr);
    CHECK(line.find('\n') == line.size() - 1);
    const auto read = read_event(line);
    REQUIRE(read.ok());
    CHECK(event_line(*read, nullptr) == line);
    CHECK(read->time == event.time);
    CHECK(read->stage == Stage::worse);
  }
}

TEST_CASE("who_is_at_fault_where_a_destination_takes_nothing_follows_from_the_reason") {
  Event event;
  event.name = "dest.auth_failed";
  const auto told = [&event](const std::string& reason) {
    event.attributes = {{"dest", "lead"}, {"reason", reason}};
    return words_of(event, nullptr);
  };
  const std::string expired = "certificate not accepted: SSL certificate problem: certificate has expired";
  CHECK(told(expired).en == "This node does not trust the certificate of lead: " + expired);
  CHECK(told(expired).zh == "本机不信任 lead 的证书：" + expired);
  CHECK(told(expired).action_en.starts_with("Compare the clock of this machine with a watch"));
  CHECK(told("a secret cannot be read: open /etc/sampan/token: No such file or directory").zh.starts_with("本机发往 lead 所需的文件无法使用：a secret"));
  event.name = "dest.down";
  CHECK(told("no connection: Connection refused").action_en.ends_with("Check cable and router, or ask the lead hospital."));
  CHECK(told("0xA700 out of resources").en == "Destination lead answers, yet takes nothing: 0xA700 out of resources");
  CHECK(told("0xA700 out of resources").action_zh.ends_with("请把此原因告知牵头医院。"));
}

TEST_CASE("an_event_whose_number_is_not_whole_is_none" * doctest::description("contract 9")) {
  Event event;
  event.id = make_uuid7({1'795'000'000'123}, system_random());
  event.name = "device.new";
  event.seq = 33;
  event.count = 55;
  const std::string line = event_line(event, nullptr);
  REQUIRE(read_event(line).ok());
  for (const char* whole : {"33", "55"})
    for (const char* number : {"1e99", "-1e99", "-1", "1.5"}) {
      std::string other = line;
      other.replace(other.find(std::string(":") + whole) + 1, 2, number);
      CHECK_MESSAGE(read_event(other).error().code == Errc::damaged, other);
    }
}
