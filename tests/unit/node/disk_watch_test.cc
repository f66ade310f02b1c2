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
  Findings findings;
  findings.now = {1'800'000'000'000};
  findings.queue = holding(50 * gb, 0, 0);
  findings.disk.room = {50 * gb, 100 * gb, 0};
  const std::uint64_t usable = policy::usable_bytes(findings.disk.room);
  findings.intake = {{{findings.now.ms - 5'000}, 1, 10 * gb}};
  auto spool = report(to_lead(), findings).spool;
  CHECK(spool.intake_bytes_per_day == 10 * gb);
  CHECK(spool.disk_lasts_guess);
  CHECK(spool.disk_lasts_s.value_or(0) == static_cast<std::int64_t>(usable * 86'400 / (10 * gb)));
  findings.intake.push_back({{findings.now.ms - 2 * 86'400'000}, 1, 10 * gb});
  spool = report(to_lead(), findings).spool;
  CHECK_FALSE(spool.disk_lasts_guess);
  CHECK(spool.disk_lasts_s.value_or(0) == static_cast<std::int64_t>(usable * 86'400 / (10 * gb)));
  findings.intake[0].bytes = findings.intake[1].bytes = 1;
  CHECK(report(to_lead(), findings).spool.disk_lasts_s == control::disk_lasts_most_s);
  findings.disk.room.free_bytes = 0;
  CHECK(report(to_lead(), findings).spool.disk_lasts_s == 0);
  findings.intake.clear();
  CHECK_FALSE(report(to_lead(), findings).spool.disk_lasts_s.has_value());
}

TEST_CASE("a_node_whose_copies_go_as_images_come_is_well_for_weeks") {
  const auto settings = to_lead();
  DiskWatch watch;
  // 3 % of the disk a day, all of it archived: full of copies after 25 days, and from then on copies go between the two marks.
  std::uint64_t free = 98 * gb, kept = 2 * gb;
  for (int hour = 0; hour < 24 * 60; ++hour) {
    free -= gb / 8, kept += gb / 8;
    if (free < gb * core::limits::reclaim_below_percent) free = gb * core::limits::reclaim_until_percent, kept = 98 * gb - free;
    const auto view = watch.look(settings, holding(free, kept, gb), MonoTime{} + std::chrono::hours(hour));
    REQUIRE(view.state == policy::DiskState::well);
  }
  CHECK(free < 26 * gb);
}

TEST_CASE("a_node_that_gets_nothing_through_is_told_when_its_disk_will_be_full") {
  const auto settings = to_lead();
  DiskWatch watch;
  DiskView view;
  std::uint64_t free = 60 * gb, owed = gb;
  for (int hour = 0; hour < 8; ++hour, free -= gb, owed += gb)
    view = watch.look(settings, holding(free, 39 * gb + owed - gb, owed), MonoTime{} + std::chrono::hours(hour));
  // 53 % free and 38 % of copies that may go, at 1 % an hour.
  CHECK(view.state == policy::DiskState::well);
  REQUIRE(view.full_in.has_value());
  CHECK(*view.full_in / 1h == 90);
  for (int hour = 8; hour < 30; ++hour, free -= gb, owed += gb)
    view = watch.look(settings, holding(free, 39 * gb + owed - gb, owed), MonoTime{} + std::chrono::hours(hour));
  CHECK(view.state == policy::DiskState::low);
}

TEST_CASE("status_and_events_say_the_same_of_the_disk") {
  const auto settings = to_lead();
  DiskView view{{12 * gb, 100 * gb, 0}, policy::DiskState::well, Millis(6h)};
  view.state = policy::judge_disk(view.room, view.full_in, view.state);
  const auto told = tell(settings, holding(12 * gb, 80 * gb, 80 * gb), view);
  CHECK(told.gauges.disk == telemetry::Gauges::Disk::low);
  CHECK(told.gauges.disk_full_in_s == 6 * 3600);
  CHECK(told.status.spool.disk_state == "low");
  CHECK(told.status.spool.disk_full_in_s == 6 * 3600);
  const auto findings = control::assess(told.status);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].code == "disk_low");
  CHECK(findings[0].severity == control::Verdict::attention);
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
