// SPDX-License-Identifier: Apache-2.0
// A lane that went on by itself with what was laid ready is as any other lane: what it fails is noticed, and what is urgent passes.
#include <doctest/doctest.h>

#include "simulation.h"

using namespace sampan;
using namespace sampan::scheduler;
using namespace sampan::scheduler::sim;
using core::Scope;
using State = sim::Queue::State;

TEST_SUITE_BEGIN("onward");

namespace {

core::Item urgent(unsigned number) {
  core::Item item = item_of(number);
  item.priority = core::Priority::emergency;
  return item;
}
// Of a peer that allows one association.
const auto second_one = always(core::Retry{"local limit exceeded", Scope::destination, Millis(10min), 0});

}  // namespace

TEST_CASE("an_outage_that_a_lane_meets_in_its_next_batch_is_one_although_another_lane_got_through_before") {
  World world;
  Peer& pacs = world.set_out("pacs", 2, 192);
  auto first = std::move(world.lanes.jobs.front());
  world.lanes.jobs.pop_front();
  world.clock.advance(1s);
  pacs.answer = delivered;
  world.lanes.run_next();
  world.step();
  REQUIRE(world.lanes.jobs.size() == 1);
  pacs.answer = second_one;
  world.lanes.run_next();
  world.step();
  REQUIRE(world.lanes.jobs.empty());  // it pauses, what it carried waits
  world.clock.advance(1s);
  pacs.answer = [&](const core::Item& item) -> core::Outcome {
    if (number_of(item.id) == 60) world.step();
    if (number_of(item.id) <= 64) return delivered(item);
    world.clock.advance(1s);
    return cut(item);
  };
  first();
  REQUIRE(pacs.trips.size() == 4);  // it went on by itself
  world.step();
  CHECK(world.shown("pacs").state == Breaker::State::backing_off);
  CHECK(world.queue.violations == 0);
}

TEST_CASE("a_lane_that_went_on_after_a_suspect_and_is_refused_pauses_as_any_other") {
  World world;
  Peer& pacs = world.set_out("pacs", 2, 400);
  pacs.answer = [](const core::Item& item) -> core::Outcome { return number_of(item.id) == 1 ? cut(item) : delivered(item); };
  world.lanes.run_next();
  world.step();
  world.clock.advance(1min);
  world.lanes.run_next();
  world.step();
  REQUIRE(world.lanes.jobs.size() == 2);  // a batch, and the suspect alone
  bool asked = false;
  pacs.answer = [&](const core::Item& item) -> core::Outcome {
    if (pacs.trips.back() == std::vector<unsigned>{1}) return delivered(item);
    if (asked) return second_one(item);
    if (number_of(item.id) != 170) return delivered(item);
    world.step();
    asked = true;
    world.lanes.run_next();
    world.step();
    CHECK(world.lanes.jobs.empty());
    asked = false;
    return delivered(item);
  };
  world.lanes.run_next();
  CHECK(std::ranges::count(pacs.trips, std::vector<unsigned>{1}) == 1);
  CHECK(world.shown("pacs").state == Breaker::State::up);
  world.run_for(1h);
  CHECK(world.done("pacs") == 400);
  CHECK(world.queue.violations == 0);
}

TEST_CASE("an_emergency_passes_the_second_batch_of_a_lane_as_it_passes_the_first_and_no_other_emergency" * doctest::description("contract 12")) {
  World world;
  Peer& pacs = world.add("pacs", 1);
  world.put("pacs", 1, 128);
  std::vector<unsigned> order;
  const auto comes = [&](unsigned from, unsigned to) {
    for (unsigned number = from; number <= to; ++number) world.queue.put("pacs", urgent(number));
    world.scheduler.notify();
  };
  pacs.answer = [&](const core::Item& item) {
    const unsigned number = number_of(item.id);
    order.push_back(number);
    world.clock.advance(1s);
    if (number == 80) comes(500, 519);
    if (number == 515) comes(600, 600);  // when the next batch is laid ready already
    world.step();
    return delivered(item);
  };
  world.run_for(1h);
  REQUIRE(world.done("pacs") == 149);
  const auto place = [&](unsigned number) { return std::ranges::find(order, number) - order.begin(); };
  CHECK(place(500) == 80);  // right behind the image on its way
  CHECK(place(519) == place(500) + 19);
  CHECK(place(600) == place(519) + 1);
  CHECK(place(81) > place(600));
  CHECK(world.shown("pacs").put_back == 0);
}

TEST_CASE("items_go_another_way_where_a_lane_went_on_and_hears_nothing_any_more") {
  World world;
  Peer& pacs = world.add_with_fallback("pacs", "other", 10min);
  world.peers["other"].answer = delivered;
  world.put("pacs", 1, 300);
  bool silent = false;
  pacs.answer = [&](const core::Item& item) -> core::Outcome {
    const unsigned number = number_of(item.id);
    if (number == 60) world.step();  // the next batch is laid ready
    if (pacs.trips.size() != 2 || silent) return delivered(item);
    silent = true;
    CHECK(world.shown("pacs").detour_to.empty());
    for (int minute = 0; minute < 12; ++minute) {
      world.step();
      world.clock.advance(1min);
    }
    CHECK(world.shown("pacs").detour_to == "other");
    return delivered(item);
  };
  world.step();
  world.lanes.run_next();
  CHECK(silent);
}
