// SPDX-License-Identifier: Apache-2.0
#include "policy/windows.h"

#include <doctest/doctest.h>

using namespace sampan;
using namespace sampan::policy;

namespace {

using Windows = std::vector<Window>;

constexpr unsigned day_minutes = 1440, week_minutes = 7 * day_minutes;

LocalTime at(unsigned minute_of_week) {
  return {minute_of_week / day_minutes % 7, minute_of_week % day_minutes};
}
constexpr unsigned clock(unsigned hour, unsigned minute) { return hour * 60 + minute; }

Window nights() { return {{{clock(22, 0), clock(6, 0)}}}; }
Days only(std::initializer_list<unsigned> named) {
  Days days{};
  for (const unsigned day : named) days[day] = true;
  return days;
}

// What was ever thought of: none, one, two that overlap, over midnight, weekends, pauses, caps, edges that touch.
std::vector<Windows> samples() {
  Window weekend{{{0, 1440}}, only({5, 6})};
  Window lunch{{{clock(12, 0), clock(13, 30)}}, only({0, 2, 4}), false, 100'000};
  Window pause{{{clock(23, 0), clock(1, 0)}}, every_day, true};
  Window friday{{{clock(23, 30), clock(0, 30)}}, only({4})};
  Window touching{{{clock(1, 0), clock(2, 0)}, {clock(2, 0), clock(3, 0)}}};
  Window around{{{clock(8, 0), clock(8, 0)}}, only({0})};
  return {{}, {nights()}, {weekend}, {lunch}, {pause, nights()}, {nights(), pause}, {friday}, {touching}, {around}, {lunch, nights(), weekend},
          {Window{{{0, 1440}}}}, {pause}};
}

}  // namespace

TEST_CASE("without_windows_everything_goes_at_any_time") {
  for (unsigned minute = 0; minute < week_minutes; ++minute) REQUIRE(passage_at({}, at(minute)) == Passage{});
  CHECK_FALSE(minutes_to_change({}, at(0)));
  CHECK_FALSE(minutes_to_opening({}, at(0)));
  CHECK_FALSE(minutes_since_opening({}, at(0)));
}

TEST_CASE("outside_of_its_windows_only_emergencies_go_and_the_end_is_outside") {
  const Windows windows{nights()};
  CHECK_FALSE(passage_at(windows, {3, clock(21, 59)}).routine);
  CHECK(passage_at(windows, {3, clock(22, 0)}).routine);
  CHECK(passage_at(windows, {4, clock(5, 59)}).routine);
  CHECK_FALSE(passage_at(windows, {4, clock(6, 0)}).routine);
}

TEST_CASE("a_window_over_midnight_belongs_to_the_day_it_begins_on") {
  Window window = nights();
  window.days = only({4});
  const Windows windows{window};
  CHECK_FALSE(passage_at(windows, {4, clock(3, 0)}).routine);  // of the night before
  CHECK(passage_at(windows, {4, clock(23, 0)}).routine);
  CHECK(passage_at(windows, {5, clock(5, 59)}).routine);
  CHECK_FALSE(passage_at(windows, {5, clock(23, 0)}).routine);
  const Windows sundays{{{{clock(22, 0), clock(6, 0)}}, only({6})}};
  CHECK(passage_at(sundays, {0, clock(1, 0)}).routine);
}

TEST_CASE("the_first_window_that_holds_the_moment_decides") {
  const Window slow{{{clock(8, 0), clock(18, 0)}}, every_day, false, 64'000}, fast{{{0, 1440}}, every_day, false, 1'000'000};
  const Window pause{{{clock(9, 0), clock(10, 0)}}, every_day, true};
  const Windows windows{pause, slow, fast};
  CHECK(passage_at(windows, {0, clock(8, 30)}) == Passage{true, 64'000});
  CHECK(passage_at(windows, {0, clock(9, 30)}) == Passage{false, std::nullopt});
  CHECK(passage_at(windows, {0, clock(18, 0)}) == Passage{true, 1'000'000});
  CHECK(passage_at(Windows{fast, pause}, {0, clock(9, 30)}).routine);
}

// Against what is seen by going on minute by minute, from every minute of the week.
TEST_CASE("the_next_change_and_opening_are_those_that_come" * doctest::description("contract 7")) {
  for (const Windows& windows : samples()) {
    std::optional<unsigned> change, opening;
    const auto routine = [&](unsigned minute) { return passage_at(windows, at(minute)).routine; };
    for (unsigned minute = 3 * week_minutes; minute-- > week_minutes;) {
      const bool changes = passage_at(windows, at(minute)) != passage_at(windows, at(minute + 1));
      if (changes) change = minute + 1;
      if (routine(minute + 1) && !routine(minute)) opening = minute + 1;
      if (minute >= 2 * week_minutes) continue;  // what comes is known now
      const auto to_change = minutes_to_change(windows, at(minute)), to_opening = minutes_to_opening(windows, at(minute));
      REQUIRE(to_change.has_value() == change.has_value());
      if (change) REQUIRE(*to_change == static_cast<int>(*change - minute));
      REQUIRE(to_opening.has_value() == (opening.has_value() && !routine(minute)));
      if (to_opening) REQUIRE(*to_opening == static_cast<int>(*opening - minute));
    }
  }
}

TEST_CASE("the_last_opening_is_the_one_that_was") {
  for (const Windows& windows : samples()) {
    std::optional<unsigned> opened;
    for (unsigned minute = 1; minute < 3 * week_minutes; ++minute) {
      if (passage_at(windows, at(minute)).routine && !passage_at(windows, at(minute - 1)).routine) opened = minute;
      if (minute < 2 * week_minutes) continue;
      const auto since = minutes_since_opening(windows, at(minute));
      REQUIRE(since.has_value() == opened.has_value());
      if (since) REQUIRE(*since == static_cast<int>(minute - *opened));
    }
  }
}
