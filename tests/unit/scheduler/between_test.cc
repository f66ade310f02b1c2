// SPDX-License-Identifier: Apache-2.0
// What lies between the lanes and the queue: what was leased ahead, what rests, and how often anybody asks.
#include <doctest/doctest.h>

#include "simulation.h"

using namespace sampan;
using namespace sampan::scheduler;
using namespace sampan::scheduler::sim;
using core::Scope;
using State = sim::Queue::State;

TEST_CASE("what_was_leased_ahead_is_what_the_lane_carries_next_and_does_not_go_back_first") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  world.put("pacs", 1, 200);
  pacs.answer = [&](const core::Item& item) {
    if (number_of(item.id) % 10 == 0) world.step();
    return delivered(item);
  };
  world.run_for(1s);
  CHECK(world.done("pacs") == 200);
  CHECK(world.queue.put_backs == 0);
  CHECK(world.queue.violations == 0);
}

TEST_CASE("what_was_leased_ahead_goes_back_when_its_class_was_refused_meanwhile") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  pacs.answer = [&](const core::Item& item) -> core::Outcome {
    if (number_of(item.id) == 60) world.step();
    if (class_of(item).sop_class == "us") return retry(Scope::sop_class, "SOP class not supported");
    return delivered(item);
  };
  // So few that the batch still counts as one that goes well when its follower is leased.
  world.put("pacs", 1, 62, "ct");
  world.put("pacs", 63, 80, "us");
  world.put("pacs", 81, 100, "ct");
  world.run_for(1s);
  CHECK(world.done("pacs") == 82);
  REQUIRE(pacs.trips.size() >= 2);
  for (const unsigned number : pacs.trips[1]) CHECK(number > 80);
  CHECK(world.queue.violations == 0);
}

TEST_CASE("lanes_that_gave_their_connections_back_are_all_at_work_at_once_when_one_of_them_takes_what_was_laid_ready") {
  World world;
  Peer& pacs = world.set_out("pacs", 3, 192);
  world.run_for(0ms);
  REQUIRE(world.done("pacs") == 192);
  world.clock.advance(core::limits::connection_keep_time - 1s);
  world.put("pacs", 200, 263);
  world.step();
  world.clock.advance(1s);
  world.step();
  REQUIRE(world.lanes.jobs.size() == 3);  // a batch, and two that say goodbye
  world.put("pacs", 300, 500);
  pacs.answer = [&](const core::Item& item) {
    if (number_of(item.id) != 240) return delivered(item);
    world.step();  // the next batch is laid ready
    world.lanes.run_next();
    world.lanes.run_next();
    world.step();
    CHECK(world.lanes.jobs.size() == 2);
    return delivered(item);
  };
  world.lanes.run_next();
  world.run_for(1s);
  CHECK(world.done("pacs") == 192 + 64 + 201);
  CHECK(world.queue.violations == 0);
}

TEST_CASE("however_much_comes_in_the_queue_is_seldom_asked_for_emergencies" * doctest::description("contract 12")) {
  World world;
  Peer& pacs = world.add("pacs", 1);
  world.put("pacs", 1, 60);
  std::vector<int> asked;
  pacs.answer = [&](const core::Item& item) {
    for (int i = 0; i < 50; ++i) {
      world.clock.advance(1ms);
      world.scheduler.notify();
      world.step();
    }
    asked.push_back(world.queue.emergency_asks);
    return delivered(item);
  };
  world.run_for(1min);
  REQUIRE(asked.size() == 60);
  const auto most = 60 * 50ms / Options{}.make_way_every + 2;
  CHECK(asked.back() > 1);
  CHECK(asked.back() <= most);
}

TEST_CASE("a_lane_that_rests_after_failures_of_its_own_is_at_work_again_when_an_outage_has_ended") {
  World world;
  Peer& pacs = world.add("pacs", 2);
  const auto refuses = always(retry(Scope::destination, "local limit exceeded"));
  world.put("pacs", 1, 1000);
  world.step();
  REQUIRE(world.lanes.jobs.size() == 2);
  pacs.answer = delivered;
  world.lanes.run_next();
  for (int failures = 0; failures < 12 && world.done("pacs") < 900; ++failures) {  // one lane gets through, the other does not
    world.step();
    pacs.answer = refuses;
    while (world.lanes.jobs.size() > 1) world.lanes.run_next();
    world.step();
    pacs.answer = delivered;
    while (!world.lanes.jobs.empty()) world.lanes.run_next();
    world.step();
    world.clock.advance(3s);
  }
  pacs.answer = cut;
  world.run_for(0ms);
  REQUIRE(world.shown("pacs").state == Breaker::State::backing_off);
  pacs.answer = delivered;
  world.put("pacs", 1001, 2000);
  world.clock.advance(*world.shown("pacs").next_attempt_in);
  world.step();
  REQUIRE(world.lanes.jobs.size() == 1);
  world.lanes.run_next();
  const std::size_t leased_before = world.count("pacs", State::leased);
  world.step();
  CHECK(world.lanes.jobs.size() == 2);
  // The first lane takes whom the outage is blamed on, the other one a whole batch.
  CHECK(world.count("pacs", State::leased) - leased_before == 1 + core::limits::batch_items_max);
}

namespace {

// Two lanes, one with a batch before it and one that failed alone and pauses, for ten minutes.
struct OnePauses : World {
  Peer* pacs = nullptr;
  void begin(unsigned first, unsigned last) {
    put("pacs", first, last);
    step();
    REQUIRE(lanes.jobs.size() == 2);
    std::swap(lanes.jobs[0], lanes.jobs[1]);
    pacs->answer = always(core::Retry{"local limit exceeded", Scope::destination, Millis(10min), 0});
    lanes.run_next();
    step();
    REQUIRE(lanes.jobs.size() == 1);
  }
};

}  // namespace

TEST_CASE_FIXTURE(OnePauses, "a_lane_that_pauses_is_no_room_for_an_emergency_so_another_makes_way" * doctest::description("contract 12")) {
  pacs = &add("pacs");
  begin(1, 300);
  std::vector<unsigned> order;
  pacs->answer = [&](const core::Item& item) {
    order.push_back(number_of(item.id));
    clock.advance(1s);
    if (order.size() == 5) {
      core::Item urgent = item_of(500);
      urgent.priority = core::Priority::emergency;
      queue.put("pacs", urgent);
      scheduler.notify();
    }
    step();
    return delivered(item);
  };
  run_for(1min);
  CHECK(std::ranges::find(order, 500u) - order.begin() <= 6);
}

TEST_CASE_FIXTURE(OnePauses, "a_lane_that_pauses_asks_for_no_blocked_class_either") {
  pacs = &add("pacs");
  put("pacs", 1, 1, "us");
  pacs->answer = always(retry(Scope::sop_class, "SOP class not supported"));
  run_for(0ms);
  REQUIRE(shown("pacs").blocked.size() == 1);
  begin(2, 300);
  clock.advance(9s);  // its connection does not rest yet
  step();
  CHECK(lanes.jobs.size() == 1);
}
