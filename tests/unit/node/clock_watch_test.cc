// SPDX-License-Identifier: Apache-2.0
#include "node/clock_watch.h"

#include <doctest/doctest.h>

#include "node/report.h"
#include "node/telemetry_wiring.h"

using namespace sampan;
using namespace sampan::node;
using namespace std::chrono_literals;

namespace {

struct SetClock final : Clock {
  MonoTime mono() const override { return {mono_ms}; }
  WallTime wall() const override { return {wall_ms}; }
  std::int64_t mono_ms = 1000, wall_ms = 5000;
  void pass(Millis time) { mono_ms += time.count(), wall_ms += time.count(); }
};

constexpr std::int64_t years_ms = 20783 * 86'400'000LL;

}  // namespace

TEST_CASE("a_clock_that_was_set_is_told_for_a_day" * doctest::description("contract 7")) {
  SetClock clock;
  ClockWatch watch(clock);
  clock.pass(1h);
  CHECK_FALSE(watch.look());
  clock.wall_ms += 29'000;  // as a network time service may
  CHECK_FALSE(watch.look());
  clock.wall_ms += years_ms;
  CHECK(watch.look() == Millis(years_ms));
  clock.pass(23h);
  CHECK(watch.look() == Millis(years_ms));
  clock.wall_ms -= 60'000;
  CHECK(watch.look() == Millis(-60'000));
  clock.pass(25h);
  CHECK_FALSE(watch.look());
}

TEST_CASE("nothing_waits_or_is_away_for_longer_than_the_node_ran_whatever_the_clock_was_set_to" * doctest::description("contract 7")) {
  settings::Settings settings;
  settings.destinations.emplace_back().name = "lead";
  Findings findings;
  findings.now = WallTime{years_ms};
  findings.clock_set_by = Millis(years_ms);
  findings.queue.ran = 11s;
  auto& count = findings.queue.destinations.emplace_back();
  count.destination = "lead";
  count.waiting = 5;
  count.oldest_waiting = WallTime{5000};
  auto& shown = findings.destinations.emplace_back();
  shown.name = "lead";
  shown.state = scheduler::Breaker::State::backing_off;
  shown.state_age = 7s;
  const auto status = report(settings, findings);
  CHECK(status.destinations[0].state_age_s == 7);
  CHECK(status.destinations[0].oldest_waiting_s == 11);
  CHECK(status.clock_set_by_s == years_ms / 1000);
  Gauged gauged;
  gauged.queue = findings.queue;
  gauged.now = findings.now;
  CHECK(gauges_of(settings, gauged).destinations[0].oldest_s == 11);
}
