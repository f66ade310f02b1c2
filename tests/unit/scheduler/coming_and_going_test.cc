// SPDX-License-Identifier: Apache-2.0
// Destinations that come, go and are asked for: who is woken, what stays behind.
#include <doctest/doctest.h>

#include "simulation.h"

using namespace sampan;
using namespace sampan::scheduler;
using namespace sampan::scheduler::sim;
using core::Scope;
using State = sim::Queue::State;

TEST_CASE("who_comes_or_goes_or_is_asked_for_wakes_the_scheduler") {
  World world;
  const auto wakes = [&](const std::function<void()>& what) {
    world.step();  // what was new before is no news
    what();
    return world.flag.up;
  };
  CHECK_FALSE(wakes([] {}));
  CHECK(wakes([&] { world.add("pacs"); }));
  CHECK(wakes([&] { world.scheduler.retry_now("pacs"); }));
  CHECK(wakes([&] { world.scheduler.remove("pacs", 1s); }));
  CHECK(wakes([&] { world.scheduler.stop(1s); }));
}

TEST_CASE("a_destination_that_left_leaves_no_courier_behind_and_neither_does_its_fallback" * doctest::description("contract 10")) {
  World world;
  Peer& other = world.add("other");
  const auto alive = std::make_shared<int>(0);  // held by every courier
  struct Counted final : core::Courier {
    Counted(Peer& peer, std::shared_ptr<int> t) : courier(peer), token(std::move(t)) {}
    void attempt(std::span<core::Consignment> batch, const core::Report& report) override { courier.attempt(batch, report); }
    void rest() override { courier.rest(); }
    void interrupt() override { courier.interrupt(); }
    sim::Courier courier;
    std::shared_ptr<int> token;
  };
  Peer& pacs = world.peers["pacs"];
  pacs.answer = cut;
  const auto makes = [](Peer& peer, std::weak_ptr<int> token) {
    return [&peer, token](unsigned) { return std::make_unique<Counted>(peer, token.lock()); };
  };
  DestinationSpec spec{"pacs", 2, makes(pacs, alive)};
  spec.fallback = {"other", 30min, 1, makes(other, alive)};
  world.scheduler.add(std::move(spec));
  world.put("pacs", 1, 10);
  world.run_for(1h);
  REQUIRE(world.done("pacs") == 10);
  REQUIRE(alive.use_count() > 2);
  world.scheduler.remove("pacs", 1s);
  world.run_for(1min);
  CHECK(alive.use_count() == 1);
  CHECK(world.queue.violations == 0);
}

TEST_CASE("a_detour_has_as_many_lanes_as_its_fallback_gives") {
  World world;
  Peer &other = world.add("other"), &pacs = world.peers["pacs"];
  pacs.answer = cut;
  DestinationSpec spec{"pacs", 2, [&](unsigned) { return std::make_unique<sim::Courier>(pacs); }};
  spec.fallback = {"other", 30min, 3, [&](unsigned) { return std::make_unique<sim::Courier>(other); }};
  world.scheduler.add(std::move(spec));
  world.put("pacs", 1, 1);
  world.run_for(31min);
  REQUIRE(world.shown("pacs").detour_to == "other");
  world.put("pacs", 2, 1000);
  world.step();
  CHECK(world.lanes.jobs.size() == 3);
}

TEST_CASE("what_was_put_back_is_counted_and_shown") {
  World world;
  world.add("pacs").answer = cut;
  world.put("pacs", 1, 5);
  world.run_for(1min);
  REQUIRE(world.queue.put_backs > 0);
  CHECK(world.shown("pacs").put_back == static_cast<std::uint64_t>(world.queue.put_backs));
}

TEST_CASE("what_a_destination_that_left_gives_back_goes_to_the_one_that_has_its_name_now" * doctest::description("contract 7")) {
  World world;
  Peer& pacs = world.set_out("pacs", 2, 2 * core::limits::batch_items_max);
  auto hanging = std::exchange(world.lanes.jobs, {});
  world.scheduler.remove("pacs", 1h);
  world.add("pacs");
  world.run_for(1min);
  REQUIRE(world.count("pacs", State::waiting) == 0);
  REQUIRE(world.done("pacs") == 0);  // all is in the hands of the old one, and the new one looked in vain
  world.lanes.jobs = std::move(hanging);
  pacs.answer = cut;  // an address that does not answer
  while (!world.lanes.jobs.empty()) world.lanes.run_next();
  pacs.answer = delivered;
  world.run_for(1s);
  CHECK(world.done("pacs") == 2 * core::limits::batch_items_max);
  CHECK(world.queue.violations == 0);
}
