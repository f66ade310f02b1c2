// SPDX-License-Identifier: Apache-2.0
#include "policy/disk_forecast.h"

#include <doctest/doctest.h>

using namespace sampan;
using namespace sampan::policy;

namespace {

constexpr std::int64_t hour = 3'600'000, day = 24 * hour;
constexpr WallTime now{1'800'000'000'000};

}  // namespace

TEST_CASE("a_disk_lasts_as_long_as_the_pace_of_the_last_days_says") {
  const Intake week[] = {{{now.ms - 4 * day}, 6'000}, {{now.ms - day}, 2'000}};
  const auto forecast = forecast_disk(week, now, 10'000);
  CHECK(forecast.bytes_per_day == 2'000);
  CHECK(forecast.lasts == Millis(5 * day));
}

TEST_CASE("one_busy_hour_is_not_taken_for_a_whole_day_of_them") {
  const Intake first[] = {{{now.ms - hour}, 1'000}};
  CHECK(forecast_disk(first, now, 10'000).bytes_per_day == 1'000);
  CHECK(forecast_disk(first, now, 10'000).lasts == Millis(10 * day));
}

TEST_CASE("a_full_disk_lasts_no_longer_and_a_node_without_images_foretells_nothing") {
  const Intake some[] = {{{now.ms - day}, 5}};
  CHECK(forecast_disk(some, now, 0).lasts == Millis(0));
  CHECK_FALSE(forecast_disk({}, now, 1'000).lasts.has_value());
  const Intake none[] = {{{now.ms - day}, 0}};
  CHECK_FALSE(forecast_disk(none, now, 1'000).lasts.has_value());
  // A clock that stepped back makes no negative time.
  const Intake ahead[] = {{{now.ms + day}, 100}};
  CHECK(forecast_disk(ahead, now, 1'000).lasts == Millis(10 * day));
  const Intake little[] = {{{now.ms - day}, 1}};
  CHECK(forecast_disk(little, now, UINT64_MAX).lasts == lasts_most);
  CHECK(lasts_most == Millis(3650 * day));
}

TEST_CASE("what_is_foretold_from_less_than_a_day_is_called_a_guess") {
  const Intake seconds[] = {{{now.ms - 5'000}, 1'000}};
  CHECK(forecast_disk(seconds, now, 10'000).guess);
  const Intake short_of_it[] = {{{now.ms - day + 1}, 1'000}};
  CHECK(forecast_disk(short_of_it, now, 10'000).guess);
  const Intake a_day[] = {{{now.ms - day}, 1'000}};
  CHECK_FALSE(forecast_disk(a_day, now, 10'000).guess);
  CHECK_FALSE(forecast_disk({}, now, 10'000).guess);
}
