// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "base/local_time.h"
#include "core/limits.h"
#include "simulation.h"
#include "support/zone.h"

using namespace sampan;
using namespace sampan::scheduler;
using namespace sampan::scheduler::sim;
using core::Scope;
using test::Zone;
using State = sim::Queue::State;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

// pacs is carried to from 22:00 to 06:00; it is 12:00 on a Wednesday.
struct Nights : World {
  explicit Nights(std::vector<policy::Window> windows = {{{{22 * 60, 6 * 60}}}}) {
    clock.wall_now = noon;
    peer().answer = delivered;
    DestinationSpec spec{"pacs", 2, [this](unsigned) { return std::make_unique<Courier>(peer()); }};
    spec.windows = std::move(windows);
    scheduler.add(std::move(spec));
  }
  Peer& peer() { return peers["pacs"]; }
  void put_emergency(unsigned number) {
    core::Item item = item_of(number);
    item.priority = core::Priority::emergency;
    queue.put("pacs", std::move(item));
    scheduler.notify();
  }
  const Zone zone{"UTC"};
  static constexpr WallTime noon{1'795'003'200'000};  // 2026-11-18T12:00Z
};

}  // namespace

TEST_CASE_FIXTURE(Nights, "what_is_no_emergency_waits_for_the_window_and_goes_when_it_opens" * doctest::description("contract 7")) {
  REQUIRE(local_time_of(clock.wall()) == LocalTime{2, 12 * 60});
  put("pacs", 1, 200);
  run_for(10h - 1s);
  CHECK(peer().trips.empty());
  run_for(2s);
  CHECK(done("pacs") == 200);
  put("pacs", 201, 300);
  run_for(7h);
  CHECK(done("pacs") == 300);
  run_for(2h);
  put("pacs", 301, 310);
  run_for(14h);
  CHECK(done("pacs") == 300);
  run_for(3h);
  CHECK(done("pacs") == 310);
  CHECK(queue.violations == 0);
}

TEST_CASE_FIXTURE(Nights, "an_emergency_goes_at_any_time_and_takes_nothing_else_along" * doctest::description("contract 7")) {
  put("pacs", 1, 50);
  put_emergency(51);
  run_for(1s);
  CHECK(peer().trips == std::vector<std::vector<unsigned>>{{51}});
  CHECK(done("pacs") == 1);
}

TEST_CASE_FIXTURE(Nights, "nothing_turns_round_while_a_window_is_closed") {
  put("pacs", 1, 50);
  CHECK(step() == clock.mono() + core::limits::window_look_every);  // the clock may be set meanwhile
  const int before = steps;
  run_for(9h);
  CHECK(steps - before <= 9h / core::limits::window_look_every + 5);
}

TEST_CASE_FIXTURE(Nights, "when_a_window_closes_a_lane_leaves_the_rest_of_its_batch") {
  clock.wall_now.ms += 18 * hour_ms - 500;  // 05:59:59.5
  put("pacs", 1, 200);
  step();
  REQUIRE(lanes.jobs.size() == 2);
  int answered = 0;
  peer().answer = [&](const core::Item& item) {
    if (++answered == 3) clock.advance(1s), step();  // it closes while the third one is carried
    return delivered(item);
  };
  lanes.run_next();
  step();
  CHECK(done("pacs") == 3);
  lanes.run_next();
  run_for(12h);
  CHECK(done("pacs") <= 4);
  CHECK(count("pacs", State::leased) == 0);
  CHECK(count("pacs", State::rejected) == 0);
  CHECK(queue.at("pacs", 10).attempts == 0);
  run_for(5h);
  CHECK(done("pacs") == 200);
}

TEST_CASE_FIXTURE(Nights, "what_was_leased_ahead_goes_back_when_a_window_closes") {
  clock.wall_now.ms += 18 * hour_ms - 500;
  put("pacs", 1, 400);
  step();
  REQUIRE(lanes.jobs.size() == 2);
  int answered = 0;
  peer().answer = [&](const core::Item& item) {
    ++answered;
    if (answered == 60) step();  // nearly done: the next batch is laid ready
    if (answered == 62) clock.advance(1s), step();
    return delivered(item);
  };
  lanes.run_next();
  while (!lanes.jobs.empty()) step(), lanes.run_next();
  run_for(1h);
  CHECK(done("pacs") <= 64);
  CHECK(count("pacs", State::leased) == 0);
}

TEST_CASE_FIXTURE(Nights, "a_suspect_and_a_blocked_class_wait_for_the_window_like_all_others") {
  clock.wall_now.ms += 18 * hour_ms - 60'000;
  peer().answer = [](const core::Item& item) -> core::Outcome {
    if (number_of(item.id) == 1) return retry(Scope::destination, "no connection");
    if (item.facts.get(core::Fact::sop_class_uid) == "odd") return retry(Scope::sop_class, "not taken");
    return delivered(item);
  };
  put("pacs", 1, 20);
  put("pacs", 21, 22, "odd");
  run_for(50s);
  REQUIRE(done("pacs") == 19);
  run_for(20s);
  peer().trips.clear();
  run_for(15h);
  CHECK(peer().trips.empty());
  put_emergency(30);
  run_for(1s);
  CHECK(peer().trips == std::vector<std::vector<unsigned>>{{30}});
  peer().answer = delivered;
  run_for(3h);
  CHECK(done("pacs") == 23);
}

TEST_CASE_FIXTURE(Nights, "an_emergency_is_tried_again_while_the_window_is_closed") {
  put("pacs", 1, 10);
  put_emergency(11);
  int tries = 0;
  peer().answer = [&](const core::Item& item) -> core::Outcome {
    if (++tries < 5) return retry(Scope::destination, "no connection");
    return delivered(item);
  };
  run_for(1h);
  CHECK(queue.at("pacs", 11).state == State::delivered);
  CHECK(done("pacs") == 1);
}

TEST_CASE("clocks_that_jump_ten_years_delay_a_window_by_one_look_at_most" * doctest::description("contract 7")) {
  for (const std::int64_t years : {-10, 10})
    for (const std::int64_t at_hour : {13, 21}) {
      Nights world;
      world.put("pacs", 1, 10);
      world.run_for(std::chrono::hours(at_hour - 12) + 30min);
      world.clock.wall_now.ms += years * 365 * 24 * hour_ms;
      const LocalTime moment = local_time_of(world.clock.wall());
      world.run_for(std::chrono::minutes(22 * 60 - static_cast<int>(moment.minute) - 1));
      CHECK(world.done("pacs") == 0);
      world.run_for(1min + core::limits::window_look_every + 1s);
      CHECK(world.done("pacs") == 10);
      // Into a window, and out of it.
      world.clock.wall_now = Nights::noon;
      world.put("pacs", 11, 20);
      world.run_for(1h);
      REQUIRE(world.done("pacs") == 10);
      world.clock.wall_now = {Nights::noon.ms + 11 * hour_ms};  // nobody tells it
      world.run_for(core::limits::window_look_every + 1s);
      CHECK(world.done("pacs") == 20);
      world.clock.wall_now = Nights::noon;
      world.put("pacs", 21, 30);
      world.run_for(1h);
      CHECK(world.done("pacs") == 20);
    }
}

TEST_CASE("summer_time_holds_no_window_up") {
  // 2026-03-29 02:00 -> 03:00 and 2026-10-25 03:00 -> 02:00 in Berlin; windows before, in and after the hour that is odd.
  for (const std::int64_t midnight_before : {1'774'652'400'000, 1'792'792'800'000})
    for (const unsigned from : {60u, 90u, 120u, 150u, 180u, 240u}) {
      Nights world({{{{from, from + 100}}}});
      const Zone zone("CET-1CEST,M3.5.0,M10.5.0/3");
      world.clock.wall_now = {midnight_before};
      REQUIRE(local_time_of(world.clock.wall()).minute == 0);
      for (unsigned day = 1; day <= 4; ++day) {
        world.put("pacs", day, day);
        world.run_for(23h + 30min);
        CHECK(world.done("pacs") == day);
        world.run_for(30min);
      }
    }
}

TEST_CASE("the_cap_is_that_of_the_window") {
  Nights world({{{{0, 12 * 60}}, policy::every_day, false, 1000}, {{{12 * 60, 1440}}}});
  struct Bytes final : core::Payload {
    std::uint64_t size() const override { return 600; }
    Result<std::size_t> read(std::uint64_t, ByteSpan into) override { return into.size(); }
  };
  world.queue.payload = std::make_shared<Bytes>();
  world.peer().reads = [](core::Payload& payload) {
    std::uint8_t room[600];
    (void)payload.read(0, room);
  };
  const auto takes = [&](unsigned first, unsigned last) {
    world.put("pacs", first, last);
    const auto begun = std::chrono::steady_clock::now();
    world.run_for(1s);
    CHECK(world.done("pacs") == last);
    return std::chrono::steady_clock::now() - begun;
  };
  CHECK(takes(1, 20) < 500ms);
  world.clock.advance(13h);  // 01:00
  CHECK(takes(21, 23) >= 150ms);  // 1800 bytes, of which 1600 at once
  for (unsigned urgent = 24; urgent <= 28; ++urgent) world.put_emergency(urgent);
  CHECK(takes(29, 28) < 500ms);  // where others would wait for 2 s
}

TEST_CASE("what_goes_to_a_place_as_a_fallback_shares_its_cap_with_what_is_its_own") {
  World world;
  const std::vector<policy::Window> slow{{{{0, 24 * 60}}, policy::every_day, false, 1000}};
  struct Bytes final : core::Payload {
    std::uint64_t size() const override { return 600; }
    Result<std::size_t> read(std::uint64_t, ByteSpan into) override { return into.size(); }
  };
  world.queue.payload = std::make_shared<Bytes>();
  Peer &other = world.peers["other"], &pacs = world.peers["pacs"];
  other.answer = delivered, pacs.answer = cut;
  other.reads = [](core::Payload& payload) {
    std::uint8_t room[600];
    (void)payload.read(0, room);
  };
  DestinationSpec first{"pacs", 2, [&pacs](unsigned) { return std::make_unique<Courier>(pacs); }};
  first.fallback = {"other", 30min, 2, [&other](unsigned) { return std::make_unique<Courier>(other); }, slow};
  DestinationSpec second{"other", 2, [&other](unsigned) { return std::make_unique<Courier>(other); }};
  second.windows = slow;
  world.scheduler.add(std::move(first));
  world.scheduler.add(std::move(second));
  world.put("pacs", 1, 1);
  world.run_for(40min);
  REQUIRE(world.done("pacs") == 1);
  // 2400 bytes at once, of which a burst lets 1000 go before they wait; of either half alone nothing would wait for long.
  world.put("pacs", 2, 3);
  world.put("other", 11, 12);
  const auto begun = std::chrono::steady_clock::now();
  world.run_for(1s);
  CHECK(world.done("pacs") + world.done("other") == 5);
  CHECK(std::chrono::steady_clock::now() - begun >= 900ms);
}

namespace {

struct Large final : core::Payload {
  std::uint64_t size() const override { return 1u << 20; }
  Result<std::size_t> read(std::uint64_t, ByteSpan into) override { return into.size(); }
};

// Real time that reading so much takes.
Millis takes(core::Payload& payload, std::size_t bytes) {
  std::vector<std::uint8_t> room(bytes);
  const auto begun = std::chrono::steady_clock::now();
  (void)payload.read(0, room);
  return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - begun);
}

// 1000 bytes a second at night, and both lanes at work a second before it ends.
struct CappedNight : Nights {
  CappedNight() : Nights({{{{22 * 60, 6 * 60}}, policy::every_day, false, 1000}}) {
    queue.payload = std::make_shared<Large>();
    clock.wall_now.ms += 18 * hour_ms - 1000;
    put("pacs", 1, 200);
    step();
    REQUIRE(lanes.jobs.size() == 2);
    clock.advance(300ms);  // it looks for emergencies again
  }
};

}  // namespace

TEST_CASE_FIXTURE(CappedNight, "what_is_under_way_when_its_window_ends_keeps_the_cap_until_an_emergency_waits" * doctest::description("contract 7")) {
  bool first = true;
  peer().reads = [&](core::Payload& payload) {
    if (!std::exchange(first, false)) return;
    CHECK(takes(payload, 2300) < 200ms);
    clock.advance(1s), step();
    CHECK(takes(payload, 4000) >= 150ms);  // 300 ms
    put_emergency(201);
    clock.advance(1s), step();
    CHECK(takes(payload, 100'000) < 1s);  // 3 s
    CHECK(takes(payload, 1) < 1s);
  };
  lanes.run_next();
  CHECK_FALSE(first);
  run_for(1min);
  CHECK(done("pacs") <= 3);  // the two that were begun
  CHECK(queue.at("pacs", 201).state == State::delivered);
}

TEST_CASE_FIXTURE(CappedNight, "an_emergency_that_comes_ends_the_wait_of_the_image_that_is_in_its_way" * doctest::description("contract 7")) {
  std::atomic<int> begun = 0;
  peer().reads = [&](core::Payload& payload) {
    if (begun > 0) return;
    (void)takes(payload, 100'000);
    begun = 1;
    CHECK(takes(payload, 1000) < 20s);  // 99 s
  };
  std::thread lane([this] { lanes.run_next(); });
  while (begun == 0) std::this_thread::yield();
  put_emergency(201);
  step();
  lane.join();
  run_for(1s);
  CHECK(queue.at("pacs", 201).state == State::delivered);
}

namespace {

// The same with a fallback after 30 minutes.
struct TwoWays : Nights {
  TwoWays() : Nights(std::vector<policy::Window>{}) {
    scheduler.remove("pacs");
    DestinationSpec spec{"pacs", 2, [this](unsigned) { return std::make_unique<Courier>(peer()); }};
    spec.windows = {{{{22 * 60, 6 * 60}}}};
    spec.fallback = {"other", 30min, 2, [this](unsigned) { return std::make_unique<Courier>(other); }};
    scheduler.add(std::move(spec));
    other.answer = delivered;
  }
  Peer& other = peers["other"];
  long said(const std::string& line) { return std::ranges::count(events.lines, line); }
};

}  // namespace

TEST_CASE_FIXTURE(TwoWays, "a_closed_window_sends_nothing_to_the_fallback" * doctest::description("contract 7")) {
  put("pacs", 1, 10);
  run_for(9h);
  CHECK(other.trips.empty());
  CHECK(events.lines.empty());
}

TEST_CASE_FIXTURE(TwoWays, "the_time_that_a_window_was_closed_is_no_silence") {
  clock.wall_now.ms += 18 * hour_ms - 10 * 60'000;  // 05:50
  peer().answer = cut;
  put("pacs", 1, 10);
  run_for(15min);
  peer().answer = delivered;
  run_for(16h);
  CHECK(done("pacs") == 10);
  CHECK(other.trips.empty());
}

TEST_CASE_FIXTURE(TwoWays, "what_goes_to_the_fallback_keeps_to_the_window_and_emergencies_do_not") {
  clock.wall_now.ms += 16 * hour_ms;  // 04:00
  peer().answer = cut;
  put("pacs", 1, 10);
  run_for(1h);
  CHECK(said("pacs goes via other") == 1);
  CHECK(done("pacs") >= 9);
  run_for(70min);
  put("pacs", 11, 20);
  run_for(1h);
  CHECK(done("pacs") == 10);
  put_emergency(21);
  run_for(1h);
  CHECK(done("pacs") == 11);
}
