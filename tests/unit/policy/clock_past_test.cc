// SPDX-License-Identifier: Apache-2.0
#include "policy/clock_past.h"

#include <doctest/doctest.h>

#include "core/limits.h"

using namespace sampan;
using namespace sampan::policy;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t minute = 60'000, hour = 60 * minute, day = 24 * hour, year = 365 * day;
constexpr WallTime morning{1'795'680'000'000};  // of 2026-11-26
constexpr WallTime after(WallTime time, std::int64_t ms) { return {time.ms + ms}; }

// Is a time that was stored among those of from..to?
bool within(const ClockPast& past, WallTime stored, WallTime from, WallTime to) {
  for (const auto& [begin, end] : past.stored_as(from, to))
    if (begin <= stored && stored <= end && past.by_now(stored) >= from && past.by_now(stored) <= to) return true;
  return false;
}

}  // namespace

TEST_CASE("what_a_clock_said_that_was_never_set_stays") {
  ClockPast past;
  past.start(morning);
  CHECK(past.empty());
  for (const std::int64_t ms : {-year, -day, 0 * day, year}) CHECK(past.by_now(after(morning, ms)) == after(morning, ms));
  past.goes(after(morning, hour));
  past = ClockPast::read(past.text());
  past.start(after(morning, 3 * day));
  CHECK(past.empty());
}

TEST_CASE("an_exam_taken_in_1970_is_of_today_once_the_clock_is_set" * doctest::description("contract 7")) {
  ClockPast past;
  past.start(WallTime{5'000});
  past.goes(WallTime{2 * minute});
  past.set(WallTime{3 * minute}, Millis(morning.ms - 3 * minute));
  CHECK(past.by_now(WallTime{minute}) == after(morning, -2 * minute));
  CHECK(past.by_now(after(morning, minute)) == after(morning, minute));
  CHECK(within(past, WallTime{minute}, after(morning, -hour), morning));
  CHECK_FALSE(within(past, WallTime{minute}, after(morning, -minute), morning));
  // Later in the day, and after a restart.
  past.goes(after(morning, 5 * hour));
  past = ClockPast::read(past.text());
  past.start(after(morning, 6 * hour));
  CHECK(past.by_now(WallTime{minute}) == after(morning, -2 * minute));
}

TEST_CASE("a_clock_that_is_set_wrong_and_right_again_leaves_only_what_it_said_meanwhile" * doctest::description("contract 7")) {
  for (const std::int64_t wrong : {10 * year, -10 * year}) {
    ClockPast past;
    past.start(after(morning, -year));
    past.goes(after(morning, -minute));
    past.set(morning, Millis(wrong));
    CHECK(past.by_now(after(morning, -hour)) == after(morning, wrong - hour));
    past.set(after(morning, wrong + hour), Millis(-wrong));
    CHECK(past.by_now(after(morning, -hour)) == after(morning, -hour));
    CHECK(past.by_now(after(morning, wrong + minute)) == after(morning, minute));
    CHECK(past.by_now(after(morning, hour)) == after(morning, hour));
    CHECK(within(past, after(morning, wrong + minute), morning, after(morning, hour)));
    CHECK_FALSE(within(past, after(morning, wrong + minute), after(morning, wrong), after(morning, wrong + hour)));
  }
}

TEST_CASE("a_start_in_1970_changes_nothing_of_what_was_before_once_the_clock_is_set" * doctest::description("contract 7")) {
  ClockPast past;
  past.start(after(morning, -year));
  past.goes(after(morning, -12 * hour));  // then the power went
  for (int power_cut = 0; power_cut < 3; ++power_cut) {
    const WallTime now = after(morning, power_cut * day);
    past = ClockPast::read(past.text());
    past.start(WallTime{5'000});
    CHECK(past.by_now(after(now, -12 * hour)) == WallTime{5'000});  // nothing is known of how long the machine was off
    past.goes(WallTime{2 * minute});
    past.set(WallTime{3 * minute}, Millis(now.ms - 3 * minute));
    CHECK(past.by_now(after(now, -12 * hour)) == after(now, -12 * hour));
    CHECK(past.by_now(after(morning, -200 * day)) == after(morning, -200 * day));
    CHECK(past.by_now(WallTime{minute}) == after(now, -2 * minute));
    past.goes(after(now, 12 * hour));
  }
  // And a wrong turn after that.
  const WallTime later = after(morning, 3 * day);
  past.set(later, Millis(year));
  CHECK(past.by_now(after(later, -hour)) == after(later, year - hour));
  CHECK(past.by_now(after(morning, -200 * day)) == after(morning, year - 200 * day));
  CHECK(past.by_now(WallTime{minute}) == after(morning, year + 2 * day - 2 * minute));
}

TEST_CASE("a_clock_that_was_put_right_while_the_node_was_off_makes_nothing_of_the_future" * doctest::description("contract 7")) {
  ClockPast past;
  past.start(after(morning, 10 * year));
  past.goes(after(morning, 10 * year + hour));
  past = ClockPast::read(past.text());
  past.start(after(morning, 2 * hour));
  CHECK(past.by_now(after(morning, 10 * year + hour)) == after(morning, 2 * hour));
  past.goes(after(morning, 3 * hour));
  past = ClockPast::read(past.text());
  past.start(after(morning, 4 * hour));
  CHECK(past.by_now(after(morning, 10 * year)) == after(morning, hour));
  // A node that stopped before anybody set its clock, and starts with the right one.
  ClockPast early;
  early.start(WallTime{5'000});
  early.goes(WallTime{hour});
  early = ClockPast::read(early.text());
  early.start(morning);
  CHECK(early.by_now(WallTime{hour}) == morning);
  CHECK(early.by_now(WallTime{minute}) == after(morning, minute - hour));
}

TEST_CASE("a_clock_that_was_ahead_since_a_start_was_right_before_it" * doctest::description("contract 7")) {
  ClockPast past;
  past.start(morning);
  past.goes(after(morning, hour));
  past = ClockPast::read(past.text());
  past.start(after(morning, 10 * year));  // off for an hour, and not for ten years
  past.goes(after(morning, 10 * year + hour));
  past = ClockPast::read(past.text());
  past.start(after(morning, 10 * year + 2 * hour));
  past.set(after(morning, 10 * year + 3 * hour), Millis(2 * hour - 10 * year));
  CHECK(past.by_now(morning) == morning);
  CHECK(past.by_now(after(morning, 10 * year)) == after(morning, 2 * hour));
  CHECK(past.by_now(after(morning, 10 * year + 3 * hour)) == after(morning, 5 * hour));
  CHECK(past.by_now(after(morning, 6 * hour)) == after(morning, 6 * hour));
}

TEST_CASE("a_past_is_bounded_and_what_is_no_past_is_an_empty_one") {
  ClockPast past;
  past.start(morning);
  WallTime now = morning;
  for (int times = 0; times < 100; ++times) {
    past.set(after(now, minute), Millis(times * day));
    now = after(now, minute + times * day);
  }
  CHECK(past.stored_as(morning, now).size() == core::limits::clock_stretches_max + 1);
  CHECK(ClockPast::read(past.text()).text() == past.text());
  for (const char* text : {"", "sampan-clock 2\n", "sampan-clock 1\noff 1 2\n", "sampan-clock 1\noff 1 2 3 99999999999999999\n", "sampan-clock 1\n\n"})
    CHECK(ClockPast::read(text).empty());
}
