// SPDX-License-Identifier: Apache-2.0
#include "base/local_time.h"

#include <doctest/doctest.h>

#include "support/zone.h"

using namespace sampan;
using test::Zone;

namespace {

constexpr WallTime wednesday_noon{1'795'003'200'000};  // 2026-11-18T12:00Z
constexpr std::int64_t minute_ms = 60'000;

}  // namespace

TEST_CASE("the_day_of_the_week_and_the_minute_are_those_of_the_zone") {
  const Zone zone("CST-8");
  CHECK(local_time_of(wednesday_noon) == LocalTime{2, 20 * 60});
  CHECK(local_time_of({wednesday_noon.ms + 5 * 60 * minute_ms}) == LocalTime{3, 60});
  CHECK(local_time_of({wednesday_noon.ms - 3 * 24 * 60 * minute_ms}) == LocalTime{6, 20 * 60});
}

TEST_CASE("the_clock_on_the_wall_is_followed_over_summer_time") {
  const Zone zone("CET-1CEST,M3.5.0,M10.5.0/3");
  const WallTime saturday_eve{1'774'735'230'500};  // 2026-03-28T23:00:30.5 there, before the night that skips 02:00 to 03:00
  REQUIRE(local_time_of(saturday_eve) == LocalTime{5, 23 * 60});
  CHECK(local_time_of(by_the_clock_on_the_wall(saturday_eve, 7 * 60)) == LocalTime{6, 6 * 60});
  CHECK(by_the_clock_on_the_wall(saturday_eve, 7 * 60).ms == saturday_eve.ms - 30'500 + 6 * 60 * minute_ms);
  CHECK(by_the_clock_on_the_wall(saturday_eve, -60).ms == saturday_eve.ms - 30'500 - 60 * minute_ms);
}

TEST_CASE("years_away_it_goes_on") {
  const Zone zone("UTC");
  for (const std::int64_t years : {-80, -10, 10, 100}) {
    const WallTime then{wednesday_noon.ms + years * 365 * 24 * 60 * minute_ms};
    CHECK(local_time_of(then).minute == 12 * 60);
    CHECK(by_the_clock_on_the_wall(then, 90).ms == then.ms + 90 * minute_ms);
  }
}
