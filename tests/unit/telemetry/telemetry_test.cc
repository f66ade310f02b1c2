// SPDX-License-Identifier: Apache-2.0
#include "telemetry/telemetry.h"

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/limits.h"
#include "fixture.h"
#include "telemetry/inbox.h"
#include "telemetry/json_text.h"

using namespace sampan;
using namespace sampan::test;
using namespace sampan::telemetry;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("telemetry");

namespace {

struct StillWorld final : World {
  Gauges gauges() override {
    Gauges picture;
    picture.disk_total_bytes = 1000;
    picture.disk_free_bytes = 500;
    picture.destinations.push_back({});
    picture.destinations[0].name = "lead";
    picture.destinations[0].state = DestinationGauges::State::up;
    picture.destinations[0].waiting = 17;
    return picture;
  }
};

struct Station {
  TemporaryDirectory home;
  FaultyFiles files;
  MemorySink sink;
  StillWorld world;
  std::unique_ptr<Telemetry> telemetry;
  InChinese in_chinese = nullptr;

  void start(bool forwards = true) {
    Options options;
    options.state_directory = home.path().string();
    options.node = "clinic";
    options.forwards = forwards;
    options.every = 1s;
    options.outage = 0s;
    telemetry = std::make_unique<Telemetry>(options, Needs{sink, world, files, system_clock(), system_random(), in_chinese});
    telemetry->start();
  }
  template <class Holds>
  bool within(Millis patience, Holds holds) {
    for (const auto end = std::chrono::steady_clock::now() + patience; std::chrono::steady_clock::now() < end;) {
      if (holds()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return holds();
  }
  std::size_t count(core::Kind kind) const {
    std::size_t found = 0;
    for (const auto& one : sink.kept()) found += one.kind == kind ? 1 : 0;
    return found;
  }
};

}  // namespace

TEST_CASE_FIXTURE(Station, "no_patient_value_reaches_an_item_a_file_or_an_answer" * doctest::description("contract 11")) {
  start();
  for (int i = 0; i < 5; ++i) telemetry->saw(image_of("S" + std::to_string(i)), 1000, false);
  telemetry->connected("DR1", "192.0.2.7");
  REQUIRE(within(20s, [&] { return count(core::Kind::event) >= 5 && count(core::Kind::sample) >= 1; }));
  std::string everything = telemetry->devices() + telemetry->events({0}, 100);
  telemetry->stop();
  for (const auto& one : sink.kept()) everything += one.line;
  for (const auto& entry : std::filesystem::directory_iterator(home.path() / "telemetry")) {
    std::ifstream in(entry.path(), std::ios::binary);
    everything += entry.path().filename().string();
    everything.append(std::istreambuf_iterator<char>(in), {});
  }
  CHECK(everything.find("DR 7") != everything.npos);
  CHECK(everything.find(canary) == everything.npos);
}

TEST_CASE_FIXTURE(Station, "events_go_at_once_and_samples_hold_names_and_units_of_the_catalogue") {
  start();
  telemetry->saw(image_of("S1"), 1000, false);
  telemetry->happened({News::What::caller_refused, "X", "192.0.2.9", "SAMPAN", "no", 0x0103, {}, {}});
  telemetry->happened({News::What::destination_down, "lead", {}, {}, "no connection", 0, {}, {}});
  REQUIRE(within(20s, [&] { return count(core::Kind::event) >= 4 && count(core::Kind::sample) >= 2; }));
  telemetry->stop();
  std::string samples;
  for (const auto& one : sink.kept())
    if (one.kind == core::Kind::sample) samples = one.line;
  for (const char* part :
       {"\"metric\":\"sampan_disk_free_bytes\",\"type\":\"gauge\",\"unit\":\"bytes\"", "\"metric\":\"sampan_received_instances_total\"",
        "\"modality\":\"DX\"},\"value\":1", "\"state\":\"waiting\"},\"value\":17", "\"reason\":\"0x0103\"},\"value\":1",
        "\"metric\":\"sampan_dest_up\",\"type\":\"gauge\",\"unit\":\"1\",\"labels\":{\"dest\":\"lead\"},\"value\":1", "\"serial\":\"S1\""})
    CHECK_MESSAGE(samples.find(part) != samples.npos, part);
}

TEST_CASE_FIXTURE(Station, "the_chinese_sentence_of_an_event_tells_its_reason_in_chinese_onward_and_in_the_list") {
  in_chinese = [](std::string_view reason) { return "「" + std::string(reason) + "」的中文"; };
  start();
  telemetry->happened({News::What::destination_down, "lead", {}, {}, "no connection", 0, {}, {}});
  const auto sent = [&] {
    for (const auto& one : sink.kept())
      if (one.line.find("\"event\":\"dest.down\"") != one.line.npos) return one.line;
    return std::string();
  };
  REQUIRE(within(20s, [&] { return !sent().empty(); }));
  CHECK(sent().find("\"zh\":\"目的地 lead 无法送达：「no connection」的中文\"") != std::string::npos);
  CHECK(sent().find("\"reason\":\"no connection\"") != std::string::npos);
  CHECK(sent().find("is out of reach: no connection\"") != std::string::npos);
  const std::string list = telemetry->events({0}, 10), open = list.substr(list.find("\"open\""));
  CHECK(open.find("无法送达：「no connection」的中文") != std::string::npos);
  telemetry->stop();
}

TEST_CASE_FIXTURE(Station, "what_was_seen_is_known_after_a_restart_and_a_device_is_not_new_twice") {
  start();
  telemetry->saw(image_of("S1"), 1000, false);
  REQUIRE(within(20s, [&] { return telemetry->devices().find("\"images_today\":1") != std::string::npos; }));
  telemetry->stop();
  start();
  telemetry->saw(image_of("S1"), 1000, false);
  REQUIRE(within(20s, [&] { return telemetry->devices().find("\"images_today\":2") != std::string::npos; }));
  telemetry->stop();
  unsigned fresh = 0;
  std::string starts;
  for (const auto& event : sink.events()) {
    fresh += event.name == "device.new" ? 1 : 0;
    if (event.name == "agent.started") starts += event.attributes.at("before") + " ";
  }
  CHECK(fresh == 1);
  CHECK(starts == "first stopped ");
}

TEST_CASE_FIXTURE(Station, "a_disk_that_does_not_write_costs_telemetry_alone" * doctest::description("contract 8, 9")) {
  files.write_fails = true;
  start();
  telemetry->saw(image_of("S1"), 1000, false);
  CHECK(within(20s, [&] { return telemetry->devices().find("DR 7") != std::string::npos; }));
  telemetry->stop();
}

TEST_CASE_FIXTURE(Station, "a_disk_that_hangs_in_a_sync_keeps_nobody_waiting_who_tells_or_asks_for_devices" * doctest::description("contract 12")) {
  std::mutex mutex;
  std::condition_variable changed;
  bool hangs = true;
  std::atomic<bool> reached{false};
  files.before_sync = [&] {
    std::unique_lock lock(mutex);
    reached = true;
    changed.wait(lock, [&] { return !hangs; });
  };
  start();
  REQUIRE(within(20s, [&] { return reached.load(); }));
  // The sync of the first event hangs; none of this comes back late, or the test never ends.
  for (int i = 0; i < 2000; ++i) {
    telemetry->saw(image_of("S" + std::to_string(i % 7)), 1000, false);
    telemetry->connected("DR1", "192.0.2.7");
    telemetry->happened({News::What::destination_up, "lead", {}, {}, {}, 0, {}, {}});
  }
  CHECK(telemetry->devices().find("\"devices\":[]") != std::string::npos);
  {
    const std::lock_guard lock(mutex);
    hangs = false;
  }
  changed.notify_all();
  CHECK(within(20s, [&] { return telemetry->devices().find("\"images_total\":286") != std::string::npos; }));
  telemetry->stop();
  bool told = false;
  for (const auto& event : sink.events()) told = told || event.name == "telemetry.dropped";
  CHECK(told);
}

TEST_CASE_FIXTURE(Station, "settings_that_change_while_it_runs_say_from_then_on_whether_telemetry_travels") {
  start(false);
  telemetry->saw(image_of("S1"), 1000, false);
  REQUIRE(within(20s, [&] { return telemetry->events({0}, 10).find("device.new") != std::string::npos; }));
  CHECK(sink.offers == 0);
  telemetry->change(true, 1s, 0s);
  telemetry->saw(image_of("S1", "V2"), 1000, false);
  REQUIRE(within(20s, [&] { return count(core::Kind::event) >= 1 && count(core::Kind::sample) >= 1; }));
  telemetry->stop();
  CHECK(sink.events()[0].name == "device.changed");
  CHECK(sink.events()[0].seq == 1);
}

TEST_CASE_FIXTURE(Station, "a_clock_that_lies_before_what_was_recorded_is_told_at_the_start") {
  start();
  REQUIRE(within(20s, [&] { return count(core::Kind::event) >= 1; }));
  telemetry->stop();
  const auto path = home.path() / "telemetry" / "state.json";
  std::ifstream in(path);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto at = text.find("\"written\":") + 10;
  text.replace(at, text.find(',', at) - at, std::to_string(system_clock().wall().ms + 7'200'000));
  std::ofstream(path) << text;
  start();
  const auto stepped = [&] {
    for (const auto& event : sink.events())
      if (event.name == "clock.step") return event.attributes.at("seconds").starts_with("-7") && event.severity == Severity::critical;
    return false;
  };
  CHECK(within(20s, stepped));
  telemetry->stop();
}

TEST_CASE("a_thousand_images_a_second_are_one_entry_and_what_finds_no_room_is_counted" * doctest::description("contract 10, 12")) {
  Inbox inbox;
  for (int i = 0; i < 10'000; ++i) inbox.saw(image_of("S1"), 10, i % 2 == 1, {i});
  for (std::size_t i = 0; i < core::limits::sightings_max + 3; ++i) inbox.saw(image_of("T" + std::to_string(i)), 10, false, {1});
  for (std::size_t i = 0; i < core::limits::news_waiting_max + 2; ++i) inbox.put({});
  CHECK(inbox.wait(0ms) == Inbox::Woken::something);
  const auto taken = inbox.take();
  CHECK(taken.seen.size() == core::limits::sightings_max);
  CHECK(taken.news.size() == core::limits::news_waiting_max);
  CHECK(taken.lost == 4 + 2);
  for (const auto& seen : taken.seen) {
    for (const auto& [fact, value] : seen.facts.all()) CHECK(value.find(canary) == value.npos);
    if (seen.facts.get(core::Fact::device_serial) != "S1") continue;
    CHECK(seen.fresh.instances == 5000);
    CHECK(seen.fresh.bytes == 50'000);
  }
  CHECK(inbox.wait(0ms) == Inbox::Woken::time);
}

TEST_CASE("times_are_read_as_they_are_written") {
  const WallTime time{1'795'000'000'123};
  CHECK(time_from(to_iso8601(time)) == time);
  CHECK(time_from("2026-11-26") == WallTime{1'795'651'200'000});
  for (const char* wrong : {"", "2026", "2026-13-01", "2026-11-26T", "2026-11-26T10:00", "2026-11-26T10:00:00", "2026-11-26T25:00:00Z"})
    CHECK_MESSAGE(!time_from(wrong).has_value(), wrong);
}
