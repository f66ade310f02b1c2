// SPDX-License-Identifier: Apache-2.0
#include "node/disk_watch.h"

#include <doctest/doctest.h>

#include "control/attention.h"
#include "core/limits.h"
#include "node/report.h"
#include "node/telemetry_wiring.h"

using namespace sampan;
using namespace sampan::node;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t gb = 1'000'000'000;
constexpr std::int64_t hour_ms = 3'600'000;

settings::Settings to_lead() {
  settings::Settings settings;
  settings.destinations.emplace_back();
  settings.destinations[0].name = "lead";
  return settings;
}

// kept: of images; owed: of these, what the lead has not said to keep.
queue::QueueSummary holding(std::uint64_t free, std::uint64_t kept, std::uint64_t owed) {
  queue::QueueSummary queue;
  queue.disk = {100 * gb, free, 0, 0};
  queue.bytes = kept;
  queue.destinations.emplace_back();
  queue.destinations[0].destination = "lead";
  queue.destinations[0].unproven_bytes = owed;
  queue.destinations[0].here_bytes = kept;
  return queue;
}

struct Told {
  control::NodeStatus status;
  telemetry::Gauges gauges;
};

Told tell(const settings::Settings& settings, const queue::QueueSummary& queue, const DiskView& disk) {
  Findings findings;
  findings.queue = queue;
  findings.disk = disk;
  Gauged gauged;
  gauged.queue = queue;
  gauged.disk = disk;
  return {report(settings, findings), gauges_of(settings, gauged)};
}

}  // namespace

TEST_CASE("the_report_says_how_long_the_disk_lasts_and_whether_that_is_a_guess" * doctest::description("contract 4")) {
  DiskWatch watch;
  const WallTime now{1'800'000'000'000};
  auto queue = holding(50 * gb, 0, 0);
  std::vector<policy::Intake> hours{{{now.ms - 5'000}, 10 * gb}};
  const auto spool = [&] { return tell(to_lead(), queue, watch.look(to_lead(), queue, hours, now)).status.spool; };
  const std::uint64_t usable = policy::usable_bytes({50 * gb, 100 * gb, 0, 0});
  CHECK(spool().intake_bytes_per_day == 10 * gb);
  CHECK(spool().disk_lasts_guess);
  CHECK(spool().disk_lasts_s.value_or(0) == static_cast<std::int64_t>(usable * 86'400 / (10 * gb)));
  hours.push_back({{now.ms - 2 * 86'400'000}, 10 * gb});
  CHECK_FALSE(spool().disk_lasts_guess);
  CHECK(spool().disk_lasts_s.value_or(0) == static_cast<std::int64_t>(usable * 86'400 / (10 * gb)));
  hours[0].bytes = hours[1].bytes = 1;
  CHECK(spool().disk_lasts_s == control::disk_lasts_most_s);
  queue.disk.free_bytes = 0;
  CHECK(spool().disk_lasts_s == 0);
  hours.clear();
  CHECK_FALSE(spool().disk_lasts_s.has_value());
}

TEST_CASE("a_node_whose_copies_go_as_images_come_is_well_for_weeks") {
  const auto settings = to_lead();
  DiskWatch watch;
  // 3 % of the disk a day, all of it archived: full of copies after 25 days, and from then on copies go between the two marks.
  std::uint64_t free = 98 * gb, kept = 2 * gb;
  std::vector<policy::Intake> hours;
  for (std::int64_t hour = 0; hour < 24 * 60; ++hour) {
    free -= gb / 8, kept += gb / 8;
    hours.push_back({{hour * hour_ms}, gb / 8});
    if (hours.size() > 168) hours.erase(hours.begin());
    if (free < gb * core::limits::reclaim_below_percent) free = gb * core::limits::reclaim_until_percent, kept = 98 * gb - free;
    const auto view = watch.look(settings, holding(free, kept, gb), hours, {(hour + 1) * hour_ms});
    REQUIRE(view.state == policy::DiskState::well);
  }
  CHECK(free < 26 * gb);
}

TEST_CASE("a_node_that_gets_nothing_through_is_told_three_days_before_its_disk_is_full" * doctest::description("contract 2")) {
  const auto settings = to_lead();
  DiskWatch watch;
  std::vector<policy::Intake> hours;
  std::uint64_t free = 60 * gb, owed = gb;
  std::int64_t hour = 0;
  policy::DiskState state = policy::DiskState::well;
  // 60 % free and 38 % of copies that may go, at 1 % an hour.
  for (; state == policy::DiskState::well && hour < 100; ++hour, free -= gb, owed += gb) {
    hours.push_back({{hour * hour_ms}, gb});
    const auto view = watch.look(settings, holding(free, 39 * gb + owed - gb, owed), hours, {(hour + 1) * hour_ms});
    state = view.state;
    CHECK(view.forecast.lasts.has_value());
  }
  CHECK(state == policy::DiskState::low);
  CHECK(free > 30 * gb);  // told by the forecast and not by what is left
}

TEST_CASE("status_events_and_samples_say_the_same_of_the_disk") {
  const auto settings = to_lead();
  const DiskView view{{12 * gb, 100 * gb, 0, 80 * gb}, policy::DiskState::low, {gb, Millis(6h), false}};
  const auto told = tell(settings, holding(12 * gb, 80 * gb, 80 * gb), view);
  CHECK(told.gauges.disk == telemetry::Gauges::Disk::low);
  CHECK(told.gauges.disk_lasts_s == 6 * 3600);
  CHECK(told.status.spool.disk_state == "low");
  CHECK(told.status.spool.disk_lasts_s == 6 * 3600);
  const auto findings = control::assess(told.status);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].code == "disk_low");
  CHECK(findings[0].severity == control::Verdict::attention);
  CHECK(findings[0].en.find("with nothing leaving there is room for 6 h") != std::string::npos);
}

TEST_CASE("what_is_owed_elsewhere_to_nobody_or_to_one_that_left_the_settings_is_no_room") {
  auto settings = to_lead();
  auto queue = holding(10 * gb, 50 * gb, 20 * gb);
  CHECK(room_of(settings, queue).reclaimable_bytes == 30 * gb);
  queue.destinations.emplace_back();
  queue.destinations[1].unproven_bytes = 5 * gb;
  CHECK(room_of(settings, queue).reclaimable_bytes == 25 * gb);
  // What it proved to keep it keeps; the rest stays until its name is back.
  queue.destinations[1] = {};
  queue.destinations[1].destination = "old";
  CHECK(room_of(settings, queue).reclaimable_bytes == 30 * gb);
  queue.destinations[1].unproven_bytes = 3 * gb;
  CHECK(room_of(settings, queue).reclaimable_bytes == 27 * gb);
  queue.rebuilding = true;
  CHECK(room_of(settings, queue).reclaimable_bytes == 0);
}
