// SPDX-License-Identifier: Apache-2.0
// Who is to blame: an item, a lane or the destination.
#include <doctest/doctest.h>

#include <set>

#include "scheduler/suspects.h"
#include "simulation.h"

using namespace sampan;
using namespace sampan::scheduler;
using namespace sampan::scheduler::sim;
using core::Scope;
using State = sim::Queue::State;

namespace {

// Falls over these items as if it were down, and takes the rest of the batch with it.
struct Fragile {
  std::set<unsigned> poison;
  bool down = false;
  bool recovers_in_the_batch = false;
  core::Outcome operator()(const core::Item& item) {
    const bool bad = poison.contains(number_of(item.id));
    if (!bad && (!down || recovers_in_the_batch)) return delivered(item);
    down = true;
    return retry(Scope::destination, "connection cut");
  }
};

// A new association for every trip.
void falls_over(Peer& peer, std::set<unsigned> poison) {
  auto fragile = std::make_shared<Fragile>(Fragile{std::move(poison)});
  auto trips = std::make_shared<std::size_t>(0);
  peer.answer = [=, &peer](const core::Item& item) {
    if (std::exchange(*trips, peer.trips.size()) != peer.trips.size()) fragile->down = false;
    return (*fragile)(item);
  };
}

}  // namespace

TEST_CASE("an_item_the_destination_blames_itself_for_waits_alone_when_others_get_through") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  pacs.answer = [](const core::Item& item) -> core::Outcome {
    if (number_of(item.id) == 1) return retry(Scope::destination, "0xA700 out of resources");
    return delivered(item);
  };
  world.put("pacs", 1, 200);
  world.run_for(0ms);
  CHECK(world.done("pacs") == 199);
  CHECK(world.shown("pacs").state == Breaker::State::up);
  CHECK(world.queue.at("pacs", 1).last_wait >= core::limits::back_off_least);
  CHECK(world.queue.at("pacs", 1).attempts == 0);
}

TEST_CASE("items_that_bring_the_destination_down_do_not_stand_in_the_way_of_others") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  falls_over(pacs, {1, 2, 3, 70});
  world.put("pacs", 1, 500);
  world.run_for(2min);
  CHECK(world.done("pacs") == 496);
  CHECK(world.count("pacs", State::waiting) == 4);
  world.run_for(24h);
  CHECK(world.count("pacs", State::waiting) == 4);  // unlimited retry, and no harm to newcomers:
  world.put("pacs", 501, 600);
  world.run_for(20min);
  CHECK(world.done("pacs") == 596);
  CHECK(world.queue.violations == 0);
}

TEST_CASE("a_newcomer_does_not_wait_for_an_outage_that_only_suspects_speak_of") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  falls_over(pacs, {1, 2});
  world.put("pacs", 1, 10);
  world.run_for(24h);
  REQUIRE(world.done("pacs") == 8);
  REQUIRE(world.shown("pacs").state == Breaker::State::backing_off);
  world.put("pacs", 11, 11);
  world.run_for(0ms);
  CHECK(world.done("pacs") == 9);
  // But in a real outage newcomers do not make the scheduler knock at every image.
  pacs.answer = [](const core::Item&) { return retry(Scope::destination, "no connection"); };
  world.run_for(3h);
  pacs.trips.clear();
  for (unsigned n = 12; n <= 100; ++n) {
    world.put("pacs", n, n);
    world.run_for(10ms);
  }
  CHECK(pacs.trips.size() <= 2);
}

TEST_CASE("a_suspect_travels_alone_and_its_failure_costs_the_others_nothing") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  falls_over(pacs, {1});
  world.put("pacs", 1, 200);
  world.run_for(10s);
  CHECK(world.done("pacs") == 199);
  for (unsigned n = 201; n <= 800; ++n) {  // an hour of steady work
    world.put("pacs", n, n);
    world.run_for(0ms);
    REQUIRE(world.done("pacs") == n - 1);
    world.clock.advance(6s);
  }
  // At first it may be the destination. Caught three times while others got through, it is the item, and nobody hears
  // of an outage any more, not even when it is the only one waiting.
  CHECK(world.events.lines.size() <= 6);
  const auto heard = world.events.lines.size();
  world.run_for(24h);
  CHECK(world.events.lines.size() == heard);
  CHECK(world.shown("pacs").state == Breaker::State::up);
  CHECK(world.shown("pacs").last_error == "connection cut");
  std::size_t alone = 0;
  for (const auto& trip : pacs.trips) {
    if (&trip == &pacs.trips.front() || trip.front() != 1) continue;
    CHECK(trip.size() == 1);
    ++alone;
  }
  CHECK(alone > 5);
}

TEST_CASE("a_poisonous_instance_does_not_keep_its_class_blocked") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  pacs.answer = [](const core::Item& item) -> core::Outcome {
    if (number_of(item.id) <= 2) return retry(Scope::sop_class, "0x0122");
    return delivered(item);
  };
  world.put("pacs", 1, 2);
  world.run_for(1s);
  REQUIRE(world.shown("pacs").blocked.size() == 1);
  world.put("pacs", 3, 100);
  world.run_for(1h);
  CHECK(world.done("pacs") == 98);
}

TEST_CASE("a_peer_that_allows_one_association_is_not_down_for_refusing_the_second") {
  World world;
  Peer& pacs = world.set_out("pacs", 2, 1000);
  unsigned refused = 0;
  for (int round = 0; round < 100 && world.done("pacs") < 800; ++round) {
    // Lane 0 always gets through; whatever else is asked for meanwhile is refused.
    pacs.answer = delivered;
    world.lanes.run_next();
    while (!world.lanes.jobs.empty()) {
      pacs.answer = [&](const core::Item&) { return retry(Scope::destination, "local limit exceeded"); };
      ++refused;
      world.lanes.run_next();
    }
    world.step();
    world.clock.advance(50ms);
  }
  CHECK(refused <= 3);
  CHECK(world.events.lines == std::vector<std::string>{"pacs up"});
  CHECK(world.shown("pacs").last_error == "local limit exceeded");
  pacs.answer = delivered;
  world.run_for(1min);
  CHECK(world.done("pacs") == 1000);
}

TEST_CASE("lanes_that_wait_in_turn_for_an_answer_that_never_comes_do_not_vouch_for_each_other") {
  World world;
  world.add("pacs", 4).answer = always(retry(Scope::destination, "no answer in time"));
  world.put("pacs", 1, 1000);
  world.step();
  int gave_up = 0;
  while (world.events.lines.empty() && gave_up < 50) {  // the one that waited longest, and tries again while the others wait
    world.clock.advance(75s);
    world.lanes.run_next();
    ++gave_up;
    world.step();
  }
  CHECK(world.events.lines == std::vector<std::string>{"pacs down: no answer in time"});
  CHECK(gave_up <= 5);
}

TEST_CASE("a_lane_with_a_large_image_vouches_for_the_others_however_long_it_takes") {
  World world;
  world.add("pacs", 2).answer = always(retry(Scope::destination, "local limit exceeded"));
  world.put("pacs", 1, 200);
  world.step();
  REQUIRE(world.lanes.jobs.size() == 2);
  auto large = std::move(world.lanes.jobs.front());
  world.lanes.jobs.pop_front();
  for (int refused = 0; refused < 20; ++refused) {
    world.lanes.run_next();
    world.step();
    world.clock.advance(20min);
    world.step();
    REQUIRE(world.lanes.jobs.size() == 1);
  }
  world.peers["pacs"].answer = delivered;
  large();
  world.step();
  CHECK(world.events.lines == std::vector<std::string>{"pacs up"});
}

TEST_CASE("a_lane_that_only_keeps_its_connection_vouches_for_nobody") {
  World world;
  Peer& pacs = world.set_out("pacs", 2, 128);
  world.run_for(0ms);
  REQUIRE(world.done("pacs") == 128);
  world.clock.advance(1s);
  pacs.answer = cut;
  world.put("pacs", 129, 129);
  world.run_for(0ms);
  CHECK(world.shown("pacs").state == Breaker::State::backing_off);
}

TEST_CASE("a_lane_that_gives_its_connection_back_vouches_for_nobody") {
  World world;
  Peer& pacs = world.set_out("pacs", 2, 128);
  world.run_for(0ms);
  world.clock.advance(core::limits::connection_keep_time);
  world.step();
  REQUIRE(world.lanes.jobs.size() == 2);
  world.lanes.run_next();  // the other one waits for its peer
  world.put("pacs", 129, 129);
  world.step();
  REQUIRE(world.lanes.jobs.size() == 2);
  std::swap(world.lanes.jobs.front(), world.lanes.jobs.back());
  pacs.answer = cut;
  world.lanes.run_next();
  world.step();
  CHECK(world.shown("pacs").state == Breaker::State::backing_off);
}

TEST_CASE("when_the_last_lane_fails_too_the_destination_is_down") {
  World world;
  Peer& pacs = world.add("pacs", 3);
  pacs.answer = [](const core::Item&) { return retry(Scope::destination, "no connection"); };
  world.put("pacs", 1, 300);
  world.run_for(0ms);
  CHECK(pacs.trips.size() == 3);
  CHECK(world.events.lines == std::vector<std::string>{"pacs down: no connection"});
}

TEST_CASE("what_is_under_way_when_the_breaker_opens_does_not_lengthen_the_wait") {
  World world;
  Peer& pacs = world.add("pacs", 3);
  pacs.answer = [](const core::Item&) { return retry(Scope::destination, "no connection"); };
  world.put("pacs", 1, 300);
  world.run_for(0ms);
  CHECK(*world.shown("pacs").next_attempt_in <= 2 * core::limits::back_off_least);
}

TEST_CASE("a_courier_that_reports_nothing_delivers_nothing") {
  struct Silent final : core::Courier {
    void attempt(std::span<core::Consignment>, const core::Report&) override {}
    void rest() override {}
    void interrupt() override {}
  };
  World world;
  world.scheduler.add({"pacs", 1, [](unsigned) { return std::make_unique<Silent>(); }});
  world.put("pacs", 1, 5);
  world.run_for(1h);
  CHECK(world.count("pacs", State::waiting) == 5);
  CHECK(world.events.lines == std::vector<std::string>{"pacs down: no outcome was reported"});
}

TEST_CASE("a_courier_that_reports_twice_or_about_strangers_is_heard_once") {
  struct Chatty final : core::Courier {
    void attempt(std::span<core::Consignment> batch, const core::Report& report) override {
      report(id_of(999), delivered(item_of(999)));
      for (auto& c : batch) {
        report(c.item.id, delivered(c.item));
        report(c.item.id, core::Rejected{"second thoughts"});
      }
    }
    void rest() override {}
    void interrupt() override {}
  };
  World world;
  world.scheduler.add({"pacs", 1, [](unsigned) { return std::make_unique<Chatty>(); }});
  world.put("pacs", 1, 5);
  world.run_for(0ms);
  CHECK(world.done("pacs") == 5);
  CHECK(world.queue.violations == 0);
}

TEST_CASE("outcomes_of_a_long_batch_are_recorded_as_it_goes") {
  World world;
  Peer& pacs = world.add("pacs", 1);
  std::size_t done_before_last = 0;
  pacs.answer = [&](const core::Item& item) {
    world.clock.advance(600ms);
    if (number_of(item.id) == 10) done_before_last = world.done("pacs");
    return delivered(item);
  };
  world.put("pacs", 1, 10);
  world.run_for(10s);
  CHECK(done_before_last == 8);
  CHECK(world.queue.settle_calls == 5);
}

TEST_CASE("suspects_and_blocked_classes_are_bounded") {
  Suspects suspects(4);
  for (unsigned n = 0; n < 100; ++n) suspects.strike(id_of(n));
  CHECK(suspects.tried().size() == 4);
  CHECK(suspects.strikes(id_of(0)) == 0);
  CHECK(suspects.strikes(id_of(99)) == 1);
  suspects.forget(id_of(99));
  CHECK(suspects.strikes(id_of(99)) == 0);

  World world;
  Peer& pacs = world.add("pacs", 1);
  pacs.answer = [](const core::Item&) { return retry(Scope::sop_class, "SOP class not supported"); };
  for (unsigned n = 1; n <= 200; ++n) world.queue.put("pacs", item_of(n, "class " + std::to_string(n)));
  world.run_for(2min);
  CHECK(world.shown("pacs").blocked.size() == core::limits::blocked_classes_max);
  CHECK(world.count("pacs", State::waiting) == 200);
  pacs.answer = delivered;
  world.run_for(16min);
  CHECK(world.done("pacs") == 200);
}
