// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <chrono>
#include <limits>
#include <vector>

#include "policy/back_off.h"
#include "policy/retention.h"

using namespace sampan;
using namespace sampan::policy;
using namespace std::chrono_literals;
using core::DeliveryState;
using core::Level;

namespace {

constexpr BackOff bounds{2s, 15min};

DeliveryFacts delivery(DeliveryState state, Level level = Level::accepted, bool required = true) {
  return {required, state, level, 0ms, {}};
}
DeliveryFacts trusted(Millis delivered_for, Millis retention) {
  return {true, DeliveryState::delivered, Level::accepted, delivered_for, {Level::accepted, retention}};
}
Reclaim decide(std::vector<DeliveryFacts> deliveries) { return reclaim(deliveries); }

}  // namespace

TEST_CASE("back_off_stays_in_its_bounds_whatever_comes_in") {
  for (unsigned failures = 0; failures < 2000; ++failures) {
    for (const double unit : {-1.0, 0.0, 0.25, 0.5, 0.999999, 1.0, 7.0}) {
      const Millis wait = back_off(bounds, failures, unit);
      REQUIRE(wait >= bounds.least);
      REQUIRE(wait <= bounds.most);
    }
  }
  CHECK(back_off(bounds, std::numeric_limits<unsigned>::max(), 1.0) == bounds.most);
  CHECK(back_off({10s, 5s}, 3, 0.5) == 5s);
}

TEST_CASE("back_off_doubles_its_ceiling_until_the_cap_with_full_jitter_below_it") {
  CHECK(back_off(bounds, 1, 0.0) == 2s);
  CHECK(back_off(bounds, 1, 1.0) == 4s);
  CHECK(back_off(bounds, 2, 1.0) == 8s);
  CHECK(back_off(bounds, 2, 0.5) == 5s);
  CHECK(back_off(bounds, 8, 1.0) == 512s);
  CHECK(back_off(bounds, 9, 1.0) == 15min);
  CHECK(back_off(bounds, 9, 0.0) == 2s);
  CHECK(back_off({4s, 10s}, 1, 1.0) == 8s);
  CHECK(back_off(bounds, 0, 1.0) == 2s);
  CHECK(back_off({Millis(0), 10s}, 0, 0.0, std::nullopt) == Millis(0));
}

TEST_CASE("a_peers_wish_delays_but_never_beyond_the_cap") {
  CHECK(back_off(bounds, 1, 0.0, 60s) == 60s);
  CHECK(back_off(bounds, 1, 0.0, 1s) == 2s);
  CHECK(back_off(bounds, 1, 0.0, 24h) == 15min);
  CHECK(back_off(bounds, 1, 0.0, std::nullopt) == 2s);
  CHECK(back_off(bounds, 1, 0.0, Millis(-5)) == 2s);
}

TEST_CASE("a_clock_that_jumped_cannot_hide_an_item") {
  const auto ms = [](auto d) { return std::chrono::duration_cast<Millis>(d).count(); };
  const WallTime now{ms(24h * 365 * 56)};
  const Millis years = 24h * 3650;
  CHECK(wait_left({now.ms + 5000}, now, 15min) == 5s);
  CHECK(wait_left(now, now, 15min) == 0ms);
  CHECK(wait_left({now.ms - 1}, now, 15min) == 0ms);
  CHECK(wait_left({now.ms + years.count()}, now, 15min) == 15min);
  CHECK(wait_left({now.ms - years.count()}, now, 15min) == 0ms);
  using Limits = std::numeric_limits<std::int64_t>;
  CHECK(wait_left({Limits::max()}, {Limits::min()}, 15min) == 15min);
  CHECK(wait_left({Limits::min()}, {Limits::max()}, 15min) == 0ms);
}

TEST_CASE("a_payload_stays_unless_every_required_destination_proved_it") {
  const std::vector<DeliveryState> states{DeliveryState::waiting, DeliveryState::on_hold, DeliveryState::delivered,
                                          DeliveryState::rejected};
  for (const auto a : states) {
    for (const auto b : states) {
      for (const auto la : {Level::accepted, Level::archived}) {
        for (const auto lb : {Level::accepted, Level::archived}) {
          const bool proven = a == DeliveryState::delivered && b == DeliveryState::delivered && la == Level::archived &&
                              lb == Level::archived;
          CHECK(decide({delivery(a, la), delivery(b, lb)}) == (proven ? Reclaim::any_time : Reclaim::keep));
        }
      }
    }
  }
}

TEST_CASE("an_item_that_is_owed_to_nobody_stays") { CHECK(decide({}) == Reclaim::keep); }

TEST_CASE("a_trusted_acceptance_counts_after_its_retention_and_not_before") {
  CHECK(decide({trusted(0ms, 1h)}) == Reclaim::keep);
  CHECK(decide({trusted(1h - 1ms, 1h)}) == Reclaim::keep);
  CHECK(decide({trusted(1h, 1h)}) == Reclaim::any_time);
  DeliveryFacts waiting = trusted(2h, 1h);
  waiting.state = DeliveryState::waiting;
  CHECK(decide({waiting}) == Reclaim::keep);
  DeliveryFacts doubting = trusted(2h, 1h);
  doubting.proof.reclaim_after = Level::archived;
  CHECK(decide({doubting}) == Reclaim::keep);
  DeliveryFacts better = trusted(0ms, 1h);
  better.level = Level::archived;
  CHECK(decide({better}) == Reclaim::any_time);
}

TEST_CASE("what_a_node_of_this_program_only_accepted_is_never_reason_enough_whatever_a_person_chose" * doctest::description("contract 4")) {
  DeliveryFacts node = trusted(1h, 1h);
  node.by_node = true;
  CHECK(decide({node}) == Reclaim::keep);
  node.level = Level::archived;
  CHECK(decide({node}) == Reclaim::any_time);
}

TEST_CASE("an_optional_destination_holds_a_payload_only_while_there_is_room") {
  const auto archived = delivery(DeliveryState::delivered, Level::archived);
  const auto optional = delivery(DeliveryState::waiting, Level::accepted, false);
  CHECK(decide({archived, optional}) == Reclaim::under_pressure);
  CHECK(decide({delivery(DeliveryState::waiting), optional}) == Reclaim::keep);
}

TEST_CASE("where_nothing_is_required_everything_is") {
  const auto waiting = delivery(DeliveryState::waiting, Level::accepted, false);
  const auto archived = delivery(DeliveryState::delivered, Level::archived, false);
  CHECK(decide({waiting}) == Reclaim::keep);
  CHECK(decide({archived, waiting}) == Reclaim::keep);
  CHECK(decide({archived, archived}) == Reclaim::any_time);
}
