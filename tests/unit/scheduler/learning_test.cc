// SPDX-License-Identifier: Apache-2.0
// What a destination learns from a trip, and what it forgets of it.
#include <doctest/doctest.h>

#include "policy/back_off.h"
#include "simulation.h"

using namespace sampan;
using namespace sampan::scheduler;
using namespace sampan::scheduler::sim;
using core::Scope;
using State = sim::Queue::State;

TEST_CASE("a_lane_that_failed_alone_carries_whole_batches_again_after_its_first_success") {
  World world;
  Peer& pacs = world.set_out("pacs", 2, 2000);
  pacs.answer = delivered;
  world.lanes.run_next();
  pacs.answer = always(retry(Scope::destination, "local limit exceeded"));
  world.lanes.run_next();
  world.step();
  pacs.answer = delivered;
  pacs.trips.clear();
  world.clock.advance(5s);
  world.run_for(1min);
  CHECK(world.done("pacs") == 2000);
  CHECK(std::ranges::count(pacs.trips, 1u, &std::vector<unsigned>::size) <= 2);  // to feel the way, and who was blamed
}

TEST_CASE("probes_of_an_outage_convict_nobody") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  pacs.answer = cut;
  world.put("pacs", 1, 1);
  world.run_for(1h);
  REQUIRE(pacs.trips.size() > 10);
  const auto only_the_second = [](const core::Item& item) { return number_of(item.id) == 2 ? delivered(item) : cut(item); };
  pacs.answer = only_the_second;
  world.put("pacs", 2, 2);
  world.run_for(1h);
  CHECK(world.done("pacs") == 1);
  // Nobody else is there, so its failure tells of the destination.
  CHECK(world.events.lines == std::vector<std::string>{"pacs down: no connection", "pacs up", "pacs down: no connection"});
}

TEST_CASE("suspects_probe_in_turn_so_that_one_of_them_gets_through") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  pacs.answer = cut;
  world.put("pacs", 1, 3);
  world.run_for(1h);
  pacs.answer = [](const core::Item& item) { return number_of(item.id) == 1 ? cut(item) : delivered(item); };
  world.run_for(1h);
  CHECK(world.done("pacs") == 2);
}

TEST_CASE("routine_images_that_come_in_push_nobody_aside") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  world.put("pacs", 1, 200);
  pacs.answer = [&](const core::Item& item) {
    world.clock.advance(1s);
    if (const unsigned number = number_of(item.id); number < 40) world.put("pacs", 1000 + number, 1000 + number);
    world.step();
    return delivered(item);
  };
  world.run_for(1h);
  REQUIRE(!pacs.trips.empty());
  CHECK(pacs.trips[0].size() == core::limits::batch_items_max);
  CHECK(world.done("pacs") == 239);
}

TEST_CASE("a_refused_class_is_asked_for_again_after_the_first_wait_of_its_back_off_and_then_later_and_later") {
  const Options options;
  Millis longest_first{0}, longest_third{0};
  for (unsigned round = 0; round < 20; ++round) {
    World world;
    for (unsigned i = 0; i < 10 * round; ++i) world.random.next();
    Peer& pacs = world.add("pacs", 1);
    std::vector<MonoTime> asked;
    pacs.answer = [&](const core::Item&) { return asked.push_back(world.clock.mono()), retry(Scope::sop_class, "not supported"); };
    world.put("pacs", 1, 1);
    world.run_for(5min);
    REQUIRE(asked.size() >= 4);
    CHECK(asked[1] - asked[0] >= options.back_off.least);
    CHECK(asked[1] - asked[0] <= policy::back_off(options.back_off, 1, 1.0));
    longest_first = std::max(longest_first, asked[1] - asked[0]);
    longest_third = std::max(longest_third, asked[3] - asked[2]);
  }
  CHECK(longest_first > policy::back_off(options.back_off, 1, 0.5));
  CHECK(longest_third > policy::back_off(options.back_off, 2, 1.0));
}

TEST_CASE("what_is_laid_ready_goes_back_when_another_lane_finds_the_destination_down") {
  World world;
  Peer& pacs = world.set_out("pacs", 2, 400);
  auto other = std::move(world.lanes.jobs.back());
  world.lanes.jobs.pop_back();
  pacs.answer = [&](const core::Item& item) -> core::Outcome {
    if (number_of(item.id) == 60) world.step();  // the batch is nearly done: the next one is leased
    if (number_of(item.id) == 62) {
      CHECK(world.count("pacs", State::leased) == 3 * core::limits::batch_items_max);
      return retry(Scope::configuration, "the AE title is not known");
    }
    return number_of(item.id) < 62 ? delivered(item) : retry(Scope::configuration, "the AE title is not known");
  };
  world.lanes.run_next();
  world.step();
  CHECK(world.count("pacs", State::leased) <= core::limits::batch_items_max + 1);  // of the lane that is on its way, and a probe
  pacs.answer = delivered;
  other();
  world.run_for(1h);
  CHECK(world.done("pacs") == 400);
  CHECK(world.queue.violations == 0);
}

TEST_CASE("whoever_is_added_taken_out_or_stopped_is_seen_to_at_once") {
  World world;
  world.add("pacs", 1);
  CHECK(world.flag.up);
  world.put("pacs", 1, 1);
  world.step();
  CHECK_FALSE(world.flag.up);
  world.scheduler.retry_now("pacs");
  CHECK(world.flag.up);
  world.step();
  world.scheduler.remove("pacs", 5s);
  CHECK(world.flag.up);
  world.step();
  world.scheduler.stop(5s);
  CHECK(world.flag.up);
}

TEST_CASE("nothing_stays_of_a_destination_that_was_taken_out" * doctest::description("contract 10")) {
  World world;
  Peer &pacs = world.peers["pacs"], &other = world.peers["other"];
  pacs.answer = cut, other.answer = delivered;
  const auto token = std::make_shared<int>(0);
  const auto way_to = [&token](Peer& peer) { return [token, &peer](unsigned) { return std::make_unique<Courier>(peer); }; };
  for (int round = 0; round < 3; ++round) {
    DestinationSpec spec{"pacs", 2, way_to(pacs)};
    spec.fallback = {"other", 10min, 2, way_to(other)};
    world.scheduler.add(std::move(spec));
    world.put("pacs", static_cast<unsigned>(100 * round + 1), static_cast<unsigned>(100 * round + 50));
    world.run_for(30min);
    CHECK(token.use_count() > 1);
    world.scheduler.remove("pacs", 5s);
    world.run_for(1min);
    CHECK(token.use_count() == 1);
  }
  CHECK(world.done("pacs") == 150);
}

TEST_CASE("an_emergency_waits_for_the_image_on_its_way_and_not_for_the_batch" * doctest::description("contract 12")) {
  World world;
  Peer& pacs = world.add("pacs", 1);
  world.put("pacs", 1, 64);
  std::vector<unsigned> order;
  pacs.answer = [&](const core::Item& item) {
    order.push_back(number_of(item.id));
    world.clock.advance(1s);
    if (order.size() == 10) {
      core::Item urgent = item_of(500);
      urgent.priority = core::Priority::emergency;
      world.queue.put("pacs", urgent);
      world.scheduler.notify();
    }
    world.step();
    return delivered(item);
  };
  world.run_for(1h);
  REQUIRE(order.size() == 65);
  CHECK(std::ranges::find(order, 500u) - order.begin() <= 11);
  CHECK(world.done("pacs") == 65);
  CHECK(world.shown("pacs").put_back == 0);
}
