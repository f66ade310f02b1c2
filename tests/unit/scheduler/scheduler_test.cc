// SPDX-License-Identifier: Apache-2.0
#include "scheduler/scheduler.h"

#include <doctest/doctest.h>

#include "scheduler/doubts.h"
#include "simulation.h"

using namespace sampan;
using namespace sampan::scheduler;
using namespace sampan::scheduler::sim;
using core::Scope;
using State = sim::Queue::State;
using Lines = std::vector<std::string>;

TEST_CASE("everything_waiting_is_delivered_in_order_and_in_batches") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  world.put("pacs", 1, 150);
  world.run_for(1s);
  CHECK(world.done("pacs") == 150);
  REQUIRE(pacs.trips.size() == 3);
  CHECK(pacs.trips[0].size() == core::limits::batch_items_max);
  unsigned expected = 0;
  for (const auto& trip : pacs.trips) {
    for (const unsigned number : trip) CHECK(number == ++expected);
  }
  CHECK(world.queue.violations == 0);
  CHECK(world.events.lines == Lines{"pacs up"});
  CHECK(world.shown("pacs").delivered == 150);
  CHECK(world.shown("pacs").delivered_bytes == 150'000);
  CHECK(world.shown("pacs").sending_now == 0);
}

TEST_CASE("while_a_batch_ends_the_next_one_is_leased_so_that_no_lane_waits_for_the_queue") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  world.put("pacs", 1, 200);
  std::map<unsigned, std::size_t> leased;  // by item, while it was on its way
  pacs.answer = [&](const core::Item& item) {
    const unsigned number = sim::number_of(item.id);
    if (number == 20 || number == 50) {
      world.step();
      leased[number] = world.count("pacs", State::leased);
    }
    return sim::delivered(item);
  };
  world.run_for(1s);
  CHECK(leased[20] == 64);
  CHECK(leased[50] == 128);
  CHECK(world.done("pacs") == 200);
  REQUIRE(pacs.trips.size() == 4);
  CHECK(pacs.trips[1].front() == 65);
  CHECK(world.queue.violations == 0);
}

TEST_CASE("a_batch_of_few_large_items_has_its_follower_leased_when_half_of_it_is_gone") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  for (unsigned n = 1; n <= 24; ++n) world.queue.put("pacs", item_of(n, "ct", core::limits::batch_bytes_max / 8));
  std::map<unsigned, std::size_t> leased;  // by item, while it was on its way
  pacs.answer = [&](const core::Item& item) {
    world.step();
    leased[sim::number_of(item.id)] = world.count("pacs", State::leased);
    return sim::delivered(item);
  };
  world.run_for(1s);
  CHECK(leased[3] == 8);
  CHECK(leased[6] == 16);
  CHECK(world.done("pacs") == 24);
}

TEST_CASE("a_lane_whose_batch_went_well_goes_on_with_the_next_one_by_itself") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  world.put("pacs", 1, 100);
  bool stepped = false;
  pacs.answer = [&](const core::Item& item) {
    if (sim::number_of(item.id) == 50) stepped = true, world.step();
    return sim::delivered(item);
  };
  world.step();
  REQUIRE(world.lanes.jobs.size() == 1);
  world.lanes.run_next();  // one job, although nobody asked the scheduler when the first batch was done
  REQUIRE(stepped);
  REQUIRE(pacs.trips.size() == 2);
  CHECK(pacs.trips[1].front() == 65);
  CHECK(world.lanes.jobs.empty());
  world.run_for(1s);
  CHECK(world.done("pacs") == 100);
  CHECK(world.shown("pacs").sending_now == 0);
  CHECK(world.queue.violations == 0);
}

TEST_CASE("a_lane_whose_batch_went_wrong_leaves_what_was_leased_ahead_to_the_scheduler") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  world.put("pacs", 1, 100);
  pacs.answer = [&](const core::Item& item) -> core::Outcome {
    if (sim::number_of(item.id) == 50) world.step();
    if (sim::number_of(item.id) < 60) return sim::delivered(item);
    return sim::retry(core::Scope::destination, "cut");
  };
  world.step();
  world.lanes.run_next();
  CHECK(pacs.trips.size() == 1);
  CHECK(world.count("pacs", State::leased) == 36);
  world.step();  // the breaker opens
  CHECK(world.count("pacs", State::leased) == 0);
  CHECK(world.done("pacs") == 59);
  CHECK(world.queue.violations == 0);
}

TEST_CASE("an_emergency_that_finds_every_lane_at_work_goes_right_behind_the_image_on_its_way") {
  World world;
  Peer& pacs = world.add("pacs", 2);
  world.put("pacs", 1, 200);
  bool put = false;
  pacs.answer = [&](const core::Item& item) {
    world.clock.advance(100ms);
    if (sim::number_of(item.id) == 10) {
      core::Item urgent = item_of(500);
      urgent.priority = core::Priority::emergency;
      world.queue.put("pacs", urgent);
      world.scheduler.notify();
      put = true;
    }
    if (put) world.step();
    return sim::delivered(item);
  };
  world.run_for(1h);
  REQUIRE(pacs.trips.size() >= 4);
  CHECK(pacs.trips[0].front() == 1);
  const auto urgent_trip = std::ranges::find(pacs.trips, std::vector<unsigned>{500});
  REQUIRE(urgent_trip != pacs.trips.end());
  CHECK(urgent_trip - pacs.trips.begin() <= 2);
  CHECK(world.queue.at("pacs", 40).attempts == 0);  // left behind, not failed
  CHECK(world.done("pacs") == 201);
  CHECK(world.shown("pacs").put_back == 0);
  CHECK(world.queue.violations == 0);
}

TEST_CASE("emergencies_do_not_push_each_other_aside") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  const auto put = [&](unsigned number) {
    core::Item urgent = item_of(number);
    urgent.priority = core::Priority::emergency;
    world.queue.put("pacs", urgent);
    world.scheduler.notify();
  };
  for (unsigned n = 1; n <= 20; ++n) put(n);
  pacs.answer = [&](const core::Item& item) {
    world.clock.advance(1s);
    if (const unsigned number = sim::number_of(item.id); number < 10) put(100 + number);
    world.step();
    return sim::delivered(item);
  };
  world.run_for(1h);
  REQUIRE(!pacs.trips.empty());
  CHECK(pacs.trips[0].size() == 20);
  CHECK(pacs.trips.size() == 2);
  CHECK(world.done("pacs") == 29);
}

TEST_CASE("what_was_leased_ahead_goes_back_when_the_batch_ends_in_trouble_or_nothing_more_is_to_be_sent") {
  for (const bool stops : {false, true}) {
    World world;
    Peer& pacs = world.add("pacs", 1);
    world.put("pacs", 1, 200);
    pacs.answer = [&](const core::Item& item) -> core::Outcome {
      const unsigned number = sim::number_of(item.id);
      if (number == 60) world.step();
      if (number == 60) CHECK(world.count("pacs", State::leased) == 128);
      if (number == 62 && stops) world.scheduler.stop(5s);
      if (number < 62 || stops) return sim::delivered(item);
      return sim::retry(core::Scope::destination, "gone");
    };
    world.step();
    while (!world.lanes.jobs.empty()) world.lanes.run_next();
    world.step();
    const std::size_t probes = world.lanes.jobs.size();
    CHECK(world.count("pacs", State::leased) == (stops ? 0 : probes));
    CHECK(world.done("pacs") == (stops ? 64 : 61));
    pacs.answer = sim::delivered;
    world.run_for(1h);
    CHECK(world.done("pacs") == (stops ? 64 : 200));
    CHECK(world.count("pacs", State::leased) == 0);
    CHECK(world.queue.violations == 0);
  }
}

TEST_CASE("large_items_are_spread_over_the_lanes") {
  World world;
  Peer& pacs = world.add("pacs", 3);
  for (unsigned n = 1; n <= 3; ++n) world.queue.put("pacs", item_of(n, "ct", core::limits::batch_bytes_max));
  world.step();
  CHECK(world.lanes.jobs.size() == 3);
  CHECK(world.shown("pacs").sending_now == 3);
  world.run_for(1s);
  CHECK(pacs.trips.size() == 3);
}

TEST_CASE("without_work_the_scheduler_sleeps_until_it_is_notified") {
  World world;
  world.add("pacs");
  world.run_for(1s);
  CHECK(world.step() == never);
  const int before = world.steps;
  world.run_for(24h * 365);
  CHECK(world.steps - before == 1);
  world.put("pacs", 1, 1);
  CHECK(world.flag.up);
  world.run_for(0ms);
  CHECK(world.done("pacs") == 1);
}

TEST_CASE("ten_days_of_outage_end_in_an_immediate_drain") {
  World world;
  Peer& pacs = world.add("pacs", 2);
  pacs.answer = cut;
  world.put("pacs", 1, 1000);
  world.run_for(240h);
  CHECK(world.done("pacs") == 0);
  CHECK(world.count("pacs", State::waiting) == 1000);
  CHECK(world.count("pacs", State::rejected) == 0);
  CHECK(world.events.lines == Lines{"pacs down: no connection"});
  CHECK(world.shown("pacs").state == Breaker::State::backing_off);
  // Between one probe every 15 minutes and one every half of that, and a few at the beginning.
  CHECK(pacs.trips.size() > 960);
  CHECK(pacs.trips.size() < 2600);
  pacs.answer = delivered;
  const auto left = world.shown("pacs").next_attempt_in;
  REQUIRE(left.has_value());
  CHECK(*left <= 15min);
  world.run_for(*left + 1s);
  CHECK(world.done("pacs") == 1000);
  CHECK(world.queue.at("pacs", 1).attempts == 0);
  CHECK(world.events.lines == Lines{"pacs down: no connection", "pacs up"});
  CHECK(world.queue.violations == 0);
}

TEST_CASE("while_the_breaker_is_open_exactly_one_item_goes_out_at_a_time") {
  World world;
  Peer& pacs = world.add("pacs", 4);
  pacs.answer = cut;
  world.put("pacs", 1, 300);
  world.run_for(1s);
  REQUIRE(world.shown("pacs").state == Breaker::State::backing_off);
  pacs.trips.clear();
  world.clock.advance(*world.shown("pacs").next_attempt_in);
  world.step();
  CHECK(world.lanes.jobs.size() == 1);
  CHECK(world.shown("pacs").sending_now == 1);
  world.scheduler.notify();
  world.step();
  CHECK(world.lanes.jobs.size() == 1);  // still one, although lanes are free and the scheduler was woken
  world.run_for(1h);
  for (const auto& trip : pacs.trips) CHECK(trip.size() == 1);
}

TEST_CASE("a_successful_probe_opens_all_lanes_at_once") {
  World world;
  Peer& pacs = world.add("pacs", 4);
  pacs.answer = cut;
  world.put("pacs", 1, 1000);
  world.run_for(10s);
  pacs.answer = delivered;
  world.clock.advance(*world.shown("pacs").next_attempt_in);
  world.step();
  REQUIRE(world.lanes.jobs.size() == 1);
  world.lanes.run_next();
  world.step();
  CHECK(world.lanes.jobs.size() == 4);
  CHECK(world.shown("pacs").state == Breaker::State::up);
}

TEST_CASE("waits_between_probes_grow_within_their_bounds") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  std::vector<MonoTime> at;
  pacs.answer = [&](const core::Item&) {
    at.push_back(world.clock.mono());
    return retry(Scope::destination, "no connection");
  };
  world.put("pacs", 1, 1);
  world.run_for(48h);
  REQUIRE(at.size() > 50);
  Millis longest{0};
  for (std::size_t i = 1; i < at.size(); ++i) {
    const Millis wait = at[i] - at[i - 1];
    CHECK(wait >= core::limits::back_off_least);
    CHECK(wait <= core::limits::back_off_most);
    if (i <= 8) CHECK(wait <= core::limits::back_off_least * (1 << i));
    longest = std::max(longest, wait);
  }
  CHECK(longest > 10min);
}

TEST_CASE("retry_after_is_honoured") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  core::Retry busy = retry(Scope::destination, "503");
  busy.not_before = 5min;
  pacs.answer = always(busy);
  world.put("pacs", 1, 1);
  world.run_for(1s);
  CHECK(pacs.trips.size() == 1);
  CHECK(*world.shown("pacs").next_attempt_in == 5min - 1s);
  pacs.answer = delivered;
  world.run_for(4min);
  CHECK(world.done("pacs") == 0);
  world.run_for(1min);
  CHECK(world.done("pacs") == 1);
}

TEST_CASE("a_dead_destination_never_touches_another") {
  World world;
  Peer& dead = world.add("dead");
  world.add("well");
  dead.answer = cut;
  world.put("dead", 1, 100);
  world.put("well", 1, 100);
  world.run_for(0ms);
  CHECK(world.done("well") == 100);
  CHECK(world.shown("well").state == Breaker::State::up);
  for (unsigned n = 101; n <= 200; ++n) {
    world.put("well", n, n);
    world.run_for(0ms);
    CHECK(world.done("well") == n);
  }
  CHECK(world.count("dead", State::waiting) == 100);
}

TEST_CASE("a_destination_that_hangs_holds_only_its_own_lanes") {
  World world;
  world.add("hangs", 1);
  world.add("well", 1);
  world.put("hangs", 1, 1);
  world.step();
  REQUIRE(world.lanes.jobs.size() == 1);
  auto hanging = std::move(world.lanes.jobs.front());
  world.lanes.jobs.clear();
  world.put("well", 1, 500);
  world.run_for(1h);
  CHECK(world.done("well") == 500);
  CHECK(world.count("hangs", State::leased) == 1);
  hanging();
  world.run_for(0ms);
  CHECK(world.done("hangs") == 1);
}

TEST_CASE("a_refusing_destination_is_stopped_once_and_probed_slowly") {
  World world;
  Peer& pacs = world.add("pacs");
  pacs.answer = always(retry(Scope::configuration, "calling AE title not recognised"));
  world.put("pacs", 1, 10);
  world.run_for(10h);
  CHECK(world.events.lines == Lines{"pacs stopped: calling AE title not recognised"});
  CHECK(pacs.trips.size() == 1 + 40);
  CHECK(world.shown("pacs").state == Breaker::State::stopped);
  CHECK(world.shown("pacs").last_error == "calling AE title not recognised");
  pacs.answer = delivered;
  world.run_for(15min);
  CHECK(world.done("pacs") == 10);
  CHECK(world.events.lines.back() == "pacs up");
}

TEST_CASE("a_person_can_have_a_stopped_destination_tried_at_once") {
  World world;
  Peer& pacs = world.add("pacs");
  pacs.answer = always(retry(Scope::configuration, "calling AE title not recognised"));
  world.put("pacs", 1, 10);
  world.run_for(1s);
  pacs.answer = delivered;
  world.scheduler.retry_now("pacs");
  world.run_for(0ms);
  CHECK(world.done("pacs") == 10);
}

TEST_CASE("a_refused_class_is_blocked_once_probed_with_one_item_and_flows_again") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  bool takes_us = false;
  pacs.answer = [&](const core::Item& item) -> core::Outcome {
    if (!takes_us && class_of(item).sop_class == "us") return retry(Scope::sop_class, "SOP class not supported");
    return delivered(item);
  };
  world.put("pacs", 1, 100, "us");
  world.put("pacs", 101, 200, "ct");
  world.run_for(1s);
  CHECK(world.done("pacs") == 100);
  CHECK(world.events.lines == Lines{"pacs blocked us: SOP class not supported", "pacs up"});
  REQUIRE(world.shown("pacs").blocked.size() == 1);
  CHECK(world.shown("pacs").blocked[0].key == ClassKey{"us", "explicit"});
  CHECK(world.shown("pacs").blocked[0].reason == "SOP class not supported");
  pacs.trips.clear();
  world.run_for(24h);
  CHECK(pacs.trips.size() > 90);
  for (const auto& trip : pacs.trips) CHECK(trip.size() == 1);
  CHECK(world.events.lines.size() == 2);
  world.put("pacs", 201, 210, "ct");  // the others flow meanwhile
  world.run_for(0ms);
  CHECK(world.done("pacs") == 110);
  takes_us = true;
  world.run_for(15min);
  CHECK(world.done("pacs") == 210);
  CHECK(world.events.lines.back() == "pacs unblocked us");
  CHECK(world.shown("pacs").blocked.empty());
  CHECK(world.queue.at("pacs", 50).attempts == 0);
}

TEST_CASE("a_blocked_class_alone_does_not_keep_an_outage_alive") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  pacs.answer = always(retry(Scope::sop_class, "SOP class not supported"));
  world.put("pacs", 1, 3, "us");
  world.run_for(1h);
  CHECK(world.shown("pacs").state == Breaker::State::up);
  pacs.answer = cut;
  world.run_for(1h);
  CHECK(world.shown("pacs").state == Breaker::State::backing_off);
  pacs.answer = delivered;
  world.run_for(31min);
  CHECK(world.done("pacs") == 3);
}

TEST_CASE("one_bad_instance_does_not_block_its_class") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  pacs.answer = [](const core::Item& item) -> core::Outcome {
    if (number_of(item.id) == 1) return retry(Scope::sop_class, "0x0122");
    return delivered(item);
  };
  world.put("pacs", 1, 10);
  world.run_for(1s);
  CHECK(world.done("pacs") == 9);
  CHECK(world.shown("pacs").blocked.empty());
  // Alone it does block the class; then the next good instance frees it.
  world.run_for(1h);
  CHECK(world.shown("pacs").blocked.size() == 1);
  world.put("pacs", 11, 20);
  world.run_for(30min);
  CHECK(world.done("pacs") == 19);
}

TEST_CASE("a_doubtful_item_is_rejected_after_five_spaced_tries") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  std::vector<MonoTime> at;
  pacs.answer = [&](const core::Item& item) -> core::Outcome {
    if (number_of(item.id) != 2) return delivered(item);
    at.push_back(world.clock.mono());
    return retry(Scope::item, "0xC000 cannot understand", 5);
  };
  world.put("pacs", 1, 3);
  world.run_for(0ms);
  CHECK(world.done("pacs") == 2);
  world.run_for(2h);
  REQUIRE(at.size() == 5);
  for (std::size_t i = 1; i < at.size(); ++i) CHECK(at[i] - at[i - 1] >= core::limits::doubtful_wait_least);
  CHECK(world.queue.at("pacs", 2).state == State::rejected);
  CHECK(world.queue.at("pacs", 2).reason == "0xC000 cannot understand, tried 5 times");
  CHECK(world.events.lines.back() == "pacs rejected 2: 0xC000 cannot understand, tried 5 times");
  CHECK(world.shown("pacs").state == Breaker::State::up);
}

TEST_CASE("what_this_node_broke_off_is_no_try_and_waits_for_nothing" * doctest::description("contract 7, 8")) {
  World world;
  Peer& pacs = world.add("pacs", 1);
  world.put("pacs", 1, 3);
  pacs.answer = [&](const core::Item& item) -> core::Outcome {
    if (pacs.trips.size() <= 10) return retry(Scope::this_node, "interrupted by this node");
    if (number_of(item.id) == 2) return retry(Scope::item, "0xC000 cannot understand", 5);
    return delivered(item);
  };
  world.run_for(0ms);
  CHECK(world.done("pacs") == 2);
  CHECK(world.queue.at("pacs", 2).state == State::waiting);  // one answer that nobody can read, and not eleven
  CHECK(world.queue.at("pacs", 2).attempts == 1);
  CHECK(world.shown("pacs").state == Breaker::State::up);
  world.run_for(2h);
  CHECK(world.queue.at("pacs", 2).reason == "0xC000 cannot understand, tried 5 times");
}

TEST_CASE("tries_that_failed_for_another_reason_do_not_count_as_answers_that_nobody_can_read" * doctest::description("contract 7")) {
  World world;
  Peer& pacs = world.add("pacs", 1);
  pacs.answer = always(retry(Scope::item, "calling AE title not recognized"));
  world.put("pacs", 1, 1);
  world.run_for(24h);
  REQUIRE(world.queue.at("pacs", 1).attempts > 10);
  pacs.answer = always(retry(Scope::item, "0xC000 cannot understand", 5));
  world.run_for(16min);
  CHECK(world.queue.at("pacs", 1).state == State::waiting);
  world.run_for(2h);
  CHECK(world.queue.at("pacs", 1).state == State::rejected);
  CHECK(world.queue.at("pacs", 1).reason == "0xC000 cannot understand, tried 5 times");
}

TEST_CASE("answers_that_nobody_can_read_are_forgotten_when_an_item_goes_and_all_tries_count_where_too_many_are_remembered" *
          doctest::description("contract 10")) {
  Doubts doubts(2);
  CHECK(doubts.note(id_of(1), 7) == 1);
  CHECK(doubts.note(id_of(1), 8) == 2);
  CHECK(doubts.note(id_of(2), 7) == 1);
  CHECK(doubts.note(id_of(3), 7) == 8);
  doubts.forget(id_of(1));
  CHECK(doubts.note(id_of(3), 8) == 1);
}

TEST_CASE("what_was_rejected_and_is_sent_again_by_a_person_has_all_its_tries_again") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  pacs.answer = always(retry(Scope::item, "0xC000 cannot understand", 5));
  world.put("pacs", 1, 1);
  world.run_for(2h);
  REQUIRE(world.queue.at("pacs", 1).state == State::rejected);
  const auto before = pacs.trips.size();
  auto& again = world.queue.at("pacs", 1);
  again.state = State::waiting, again.attempts = 0, again.due = {};
  world.scheduler.notify();
  world.run_for(2h);
  CHECK(pacs.trips.size() == 2 * before);
  CHECK(world.queue.at("pacs", 1).state == State::rejected);
}

TEST_CASE("an_item_without_a_limit_of_tries_is_tried_for_ever") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  pacs.answer = always(retry(Scope::item, "stored copy does not verify"));
  world.put("pacs", 1, 1);
  world.run_for(240h);
  CHECK(world.count("pacs", State::waiting) == 1);
  CHECK(pacs.trips.size() > 900);
}

TEST_CASE("a_permanent_refusal_is_rejected_with_its_words") {
  World world;
  world.add("pacs").answer = always(core::Rejected{"0xA900 data set does not match SOP class"});
  world.put("pacs", 7, 7);
  world.run_for(0ms);
  CHECK(world.count("pacs", State::rejected) == 1);
  CHECK(world.events.lines.front() == "pacs rejected 7: 0xA900 data set does not match SOP class");
  CHECK(world.shown("pacs").rejected == 1);
}

TEST_CASE("an_idle_connection_is_given_back_after_a_while_and_not_between_bursts") {
  World world;
  Peer& pacs = world.add("pacs", 2);
  for (unsigned n = 1; n <= 20; ++n) {
    world.put("pacs", n, n);
    world.run_for(5s);
  }
  CHECK(pacs.rests == 0);
  world.run_for(6s);
  CHECK(pacs.rests == 1);
  world.run_for(1h);
  CHECK(pacs.rests == 1);
}

TEST_CASE("a_clock_that_jumps_ten_years_changes_nothing_but_what_is_shown") {
  for (const auto jump : {Millis(24h * 3650), Millis(-24h * 3650)}) {
    World world;
    Peer& pacs = world.add("pacs", 1);
    pacs.answer = cut;
    world.put("pacs", 1, 10);
    world.run_for(1h);
    world.clock.wall_now.ms += jump.count();
    const auto trips = pacs.trips.size();
    world.run_for(1h);
    CHECK(pacs.trips.size() - trips >= 3);
    pacs.answer = delivered;
    world.run_for(15min);
    CHECK(world.done("pacs") == 10);
    CHECK(world.shown("pacs").last_success->ms > 0);
  }
}

TEST_CASE("a_new_destination_is_served_at_once_and_a_removed_one_gives_back_its_leases") {
  World world;
  world.queue.put("pacs", item_of(1));
  Peer& pacs = world.add("pacs", 1);
  CHECK(world.flag.up);
  world.step();
  REQUIRE(world.lanes.jobs.size() == 1);
  pacs.answer = cut;  // what an interrupted courier says
  world.scheduler.remove("pacs");
  world.step();
  CHECK(pacs.interrupts == 1);
  CHECK(world.scheduler.snapshot().empty());
  world.run_for(10s);
  CHECK(world.count("pacs", State::waiting) == 1);
  CHECK(world.events.lines.empty());
  CHECK(pacs.rests == 1);
  world.add("pacs", 1);  // the same name again
  world.run_for(0ms);
  CHECK(world.done("pacs") == 1);
}

TEST_CASE("stopping_lets_work_in_flight_end_and_leases_nothing_more") {
  World world;
  Peer& pacs = world.set_out("pacs", 1, 200);
  world.scheduler.stop(5s);
  world.step();
  CHECK_FALSE(world.scheduler.stopped());
  world.run_for(1s);
  CHECK(world.scheduler.stopped());
  CHECK(pacs.trips.size() == 1);
  CHECK(pacs.rests == 1);
  CHECK(pacs.interrupts == 0);
  CHECK(world.done("pacs") == 64);
  CHECK(world.count("pacs", State::leased) == 0);
  world.put("pacs", 201, 210);
  world.run_for(1h);
  CHECK(pacs.trips.size() == 1);
}

TEST_CASE("stopping_interrupts_couriers_after_the_grace_and_puts_their_items_back") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  world.put("pacs", 1, 10);
  world.step();
  world.scheduler.stop(5s);
  CHECK(world.step() == world.clock.mono() + 5s);
  CHECK(pacs.interrupts == 0);
  world.clock.advance(5s);
  world.step();
  CHECK(pacs.interrupts == 1);
  world.clock.advance(1s);
  world.step();
  CHECK(pacs.interrupts == 2);  // it did not listen
  pacs.answer = cut;
  world.run_for(0ms);
  CHECK(world.scheduler.stopped());
  CHECK(world.count("pacs", State::waiting) == 10);
  CHECK(world.events.lines.empty());
}

TEST_CASE("a_queue_that_contradicts_itself_does_not_make_the_scheduler_spin") {
  struct Liar final : Duties {
    int asked = 0;
    Leased lease(const LeaseRequest&) override { return ++asked, Leased{{}, MonoTime{0}}; }
    void settle(const std::string&, std::span<const Settlement>) override {}
  } liar;
  World world;
  Scheduler scheduler({liar, world.lanes, world.flag, world.events, world.clock, world.random});
  scheduler.add({"pacs", 2, nullptr});
  CHECK(scheduler.step() == world.clock.mono() + 100ms);
  CHECK(liar.asked == 1);
}
