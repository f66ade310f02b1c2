// SPDX-License-Identifier: Apache-2.0
#include "telemetry/devices.h"

#include "core/limits.h"
#include "fixture.h"
#include "telemetry/alarms.h"
#include "telemetry/state.h"
#include "telemetry/views.h"

using namespace sampan;
using namespace sampan::test;
using namespace sampan::telemetry;
using core::Fact;

TEST_SUITE_BEGIN("devices");

namespace {

constexpr WallTime noon{1'795'003'200'000};

std::vector<Discovery> saw(Devices& devices, const core::Facts& facts, WallTime time = noon) {
  return devices.saw(sighting_of(facts).value(), {1, 1000}, time);
}

}  // namespace

TEST_CASE("a_device_is_new_once_and_a_change_of_software_detector_or_serial_is_told_once") {
  Devices devices;
  auto found = saw(devices, image_of("S1"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].changed.empty());
  CHECK(found[0].sighting.manufacturer == "Works");
  CHECK(saw(devices, image_of("S1")).empty());
  found = saw(devices, image_of("S1", "V2"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].changed == "software");
  CHECK(found[0].before == "V1");
  // A workstation that mixes old and new images is no change each time.
  CHECK(saw(devices, image_of("S1", "V1")).empty());
  CHECK(saw(devices, image_of("S1", "V2")).empty());
  found = saw(devices, image_of("S1", "V2", "D2"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].changed == "detector");
  CHECK(found[0].before == "D1");
  found = saw(devices, image_of("S2", "V2", "D2"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].changed == "serial");
  CHECK(found[0].before == "S1");
  CHECK(devices.all().size() == 2);
  CHECK(saw(devices, image_of("S1", "V2", "D2")).empty());
}

TEST_CASE("without_a_serial_number_a_device_is_told_by_where_it_sends_from") {
  auto first = image_of(""), other = image_of("");
  other.set(Fact::station_name, "ROOM2");
  CHECK(sighting_of(first)->id != sighting_of(other)->id);
  other = first;
  other.set(Fact::software_versions, "V9");
  CHECK(sighting_of(first)->id == sighting_of(other)->id);
  // Values do not run into each other.
  auto a = image_of("12"), b = image_of("2");
  a.set(Fact::model, "DR"), b.set(Fact::model, "DR1");
  CHECK(sighting_of(a)->id != sighting_of(b)->id);
  core::Facts plain;
  plain.set(Fact::media_type, "application/pdf");
  CHECK_FALSE(sighting_of(plain).has_value());
}

TEST_CASE("images_are_counted_by_day_and_a_repeat_is_no_new_image") {
  Devices devices;
  const auto sighting = sighting_of(image_of("S1")).value();
  devices.saw(sighting, {3, 3000}, noon);
  devices.saw(sighting, {0, 0}, noon);
  CHECK(devices.all().at(sighting.id).images_today == 3);
  devices.saw(sighting, {2, 2000}, {noon.ms + 86'400'000});
  const Device& device = devices.all().at(sighting.id);
  CHECK(device.images_today == 2);
  CHECK(device.received.at("DX").instances == 5);
  CHECK(device.received.at("DX").bytes == 5000);
}

TEST_CASE("a_clock_that_is_set_wrong_and_right_again_changes_neither_what_came_today_nor_when" * doctest::description("contract 7")) {
  constexpr std::int64_t years_ms = 3650 * 86'400'000LL;
  bool wrong = false;  // the clock is ten years ahead
  Devices devices([&](WallTime kept) {
    const bool kept_wrong = kept.ms > noon.ms + years_ms / 2;
    return WallTime{kept.ms + (wrong ? 1 : 0) * years_ms - (kept_wrong ? 1 : 0) * years_ms};
  });
  const auto sighting = sighting_of(image_of("S1")).value();
  const auto today = [&](std::int64_t ms) { return devices.today(devices.all().at(sighting.id), {ms}); };
  devices.saw(sighting, {3, 3000}, noon);
  wrong = true;
  CHECK(today(noon.ms + years_ms) == 3);
  devices.saw(sighting, {2, 2000}, {noon.ms + years_ms + 1000});
  devices.refused("NOBODY", "192.0.2.9", "not on the list", {noon.ms + years_ms + 1000});
  CHECK(today(noon.ms + years_ms + 2000) == 5);
  wrong = false;
  CHECK(today(noon.ms + 3000) == 5);
  const std::string shown = devices_view(devices, {noon.ms + 3000});
  CHECK(shown.find("\"last_image\":\"" + to_iso8601({noon.ms + 1000})) != shown.npos);
  CHECK(shown.find("\"last_refused\":\"" + to_iso8601({noon.ms + 1000})) != shown.npos);
  CHECK(shown.find("\"refused_lately\":true") != shown.npos);
  const std::int64_t later_ms = noon.ms + Millis(core::limits::refused_shown_time).count() + 2000;
  CHECK(devices_view(devices, {later_ms}).find("\"refused_lately\":false") != std::string::npos);
  devices.saw(sighting, {1, 1000}, {noon.ms + 4000});
  CHECK(today(noon.ms + 5000) == 6);
  CHECK(today(noon.ms + 86'400'000) == 0);
}

TEST_CASE("chinese_headers_are_read_and_long_ones_cut" * doctest::description("contract 10")) {
  auto facts = image_of("S1");
  facts.set(Fact::character_set, "GB18030");
  facts.set(Fact::manufacturer, "\xb6\xab\xc8\xed");  // 东软
  facts.set(Fact::model, std::string(1000, 'x'));
  facts.set(Fact::software_versions, "1.0\\build 7");
  const auto sighting = sighting_of(facts).value();
  CHECK(sighting.manufacturer == "东软");
  CHECK(sighting.model.size() == core::limits::device_text_bytes_max);
  CHECK(sighting.software == "1.0, build 7");
}

TEST_CASE("the_device_that_was_silent_longest_makes_room" * doctest::description("contract 10")) {
  Devices devices;
  for (std::size_t i = 0; i < core::limits::devices_max + 2; ++i) {
    auto facts = image_of("S" + std::to_string(i));
    facts.set(Fact::station_name, "ROOM" + std::to_string(i));
    saw(devices, facts, {noon.ms + static_cast<std::int64_t>(i)});
  }
  CHECK(devices.all().size() == core::limits::devices_max);
  CHECK_FALSE(devices.all().contains(sighting_of(image_of("S0")).value().id));
  for (std::size_t i = 0; i < core::limits::callers_max + 2; ++i) devices.refused("X" + std::to_string(i), "192.0.2.1", "no", noon);
  CHECK(devices.callers().size() == core::limits::callers_max);
}

TEST_CASE("refused_attempts_are_shown_with_the_device_or_by_themselves") {
  Devices devices;
  saw(devices, image_of("S1"));
  devices.associated("DR1", "192.0.2.7", noon);
  devices.refused("DR1", "192.0.2.7", "called AE title not recognised", noon);
  for (int i = 0; i < 3; ++i) devices.refused("NOBODY", "192.0.2.9", "not on the list", noon);
  const std::string shown = devices_view(devices, noon);
  CHECK(shown.find("\"refused\":1,\"refused_reason\":\"called AE title not recognised\"") != shown.npos);
  CHECK(shown.find("\"ae_title\":\"NOBODY\",\"address\":\"192.0.2.9\",\"associations\":0,\"refused\":3") != shown.npos);
  CHECK(shown.find("\"images_today\":1") != shown.npos);
  CHECK(shown.find(canary) == shown.npos);
}

TEST_CASE("a_stranger_is_worth_attention_as_long_as_status_speaks_of_it_and_not_for_ever") {
  Devices devices;
  saw(devices, image_of("S1"));
  devices.refused("NOBODY", "192.0.2.9", "not on the list", noon);
  const std::int64_t shown_ms = Millis(core::limits::refused_shown_time).count();
  CHECK(devices_view(devices, {noon.ms + shown_ms}).find("\"refused_lately\":true") != std::string::npos);
  const std::string later = devices_view(devices, {noon.ms + shown_ms + 1});
  CHECK(later.find("\"refused\":1") != std::string::npos);
  CHECK(later.find("\"refused_lately\":false") != std::string::npos);
  devices.refused("NOBODY", "192.0.2.9", "not on the list", {noon.ms + shown_ms});
  CHECK(devices_view(devices, {noon.ms + shown_ms + 1}).find("\"refused_lately\":true") != std::string::npos);
}

TEST_CASE("what_is_known_survives_a_restart_and_damage_refuses_nothing" * doctest::description("contract 9")) {
  Devices devices;
  Alarms alarms;
  saw(devices, image_of("S1", "V1", "D1"));
  saw(devices, image_of("S1", "V2", "D1"));
  devices.refused("NOBODY", "192.0.2.9", "no", noon);
  alarms.raise("dest.down/lead", "dest.down", Severity::warning, {{"dest", "lead"}}, noon, {5});
  Past past;
  past.version = "1";
  past.stopped = true;
  past.quarantined = 4;
  past.refused = {{"0x0103", 3}};
  const std::string text = write_state(past, devices, alarms);
  CHECK(text.find(canary) == text.npos);
  Devices read_devices;
  Alarms read_alarms;
  const Past read = read_state(text, read_devices, read_alarms, {9});
  CHECK(write_state(read, read_devices, read_alarms) == text);
  CHECK(saw(read_devices, image_of("S1", "V1", "D1")).empty());
  CHECK(read_alarms.find("dest.down/lead")->count == 1);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, text.size() / 2, text.size() - 3}) {
    Devices none;
    Alarms silent;
    CHECK(read_state(text.substr(0, size), none, silent, {9}).version.empty());
  }
}

TEST_CASE("a_number_of_the_state_file_that_is_not_whole_is_damage" * doctest::description("contract 9")) {
  for (const char* number : {"1e99", "-1e99", "-1", "1.5"}) {
    Devices devices;
    Alarms alarms;
    const auto read = read_state(R"({"version":"1","stopped":true,"written":5,"quarantined":)" + std::string(number) + "}", devices, alarms, {9});
    CHECK(read.written.ms == 5);
    CHECK(read.quarantined == 0);
  }
}
