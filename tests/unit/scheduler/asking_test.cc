// SPDX-License-Identifier: Apache-2.0
// Whether a destination is there, while nothing is carried that would tell.
#include <set>

#include "core/limits.h"
#include "scheduler/destination.h"
#include "simulation.h"

using namespace sampan;
using namespace sampan::scheduler;
using namespace sampan::scheduler::sim;
using State = Breaker::State;

TEST_SUITE_BEGIN("asking");

namespace {

struct Door {
  std::optional<core::Retry> says{};  // nothing: it is there
  std::vector<MonoTime> asked{};
  int interrupts = 0;
};

class Knock final : public core::Contact {
 public:
  Knock(Door& door, const sim::Clock& clock) : door_(door), clock_(clock) {}
  std::optional<core::Retry> ask() override { return door_.asked.push_back(clock_.mono()), door_.says; }
  void interrupt() override { ++door_.interrupts; }

 private:
  Door& door_;
  const sim::Clock& clock_;
};

const core::Retry nobody{"connection refused", core::Scope::destination, std::nullopt, 0};
const core::Retry not_let_in{"calling AE title not recognised", core::Scope::configuration, std::nullopt, 0};

struct Asked : World {
  Door door, other;
  Peer& lead = peers["lead"];
  Asked(std::optional<std::string> fallback = {}) {
    lead.answer = delivered;
    DestinationSpec spec{"lead", 2, [this](unsigned) { return std::make_unique<sim::Courier>(lead); }};
    spec.make_contact = [this] { return std::make_shared<Knock>(door, clock); };
    if (fallback) spec.fallback = {*fallback, 10min, 2, [this](unsigned) { return std::make_unique<sim::Courier>(peers["copy"]); }};
    scheduler.add(std::move(spec));
  }
  std::size_t asked() const { return door.asked.size(); }
  void away() {
    lead.answer = cut;
    door.says = nobody;
  }
  void back() {
    lead.answer = delivered;
    door.says.reset();
  }
  Millis heard_before() { return shown("lead").heard_before.value_or(Millis{-1}); }
};

}  // namespace

TEST_CASE("a_destination_is_asked_within_seconds_of_the_start_and_every_few_minutes_from_then_on") {
  Asked world;
  world.run_for(3s);
  CHECK(world.asked() == 1);
  CHECK(world.shown("lead").state == State::up);
  CHECK(world.events.lines == std::vector<std::string>{"lead up"});
  world.run_for(1h);
  CHECK(world.asked() >= 20);
  CHECK(world.asked() <= 28);
  CHECK(world.heard_before() <= Millis(core::limits::contact_every));
  // Not all nodes of a region in one moment.
  std::set<std::int64_t> gaps;
  for (std::size_t i = 1; i < world.asked(); ++i) gaps.insert((world.door.asked[i] - world.door.asked[i - 1]).count());
  CHECK(gaps.size() > 10);
}

TEST_CASE("a_destination_that_nothing_waits_for_is_down_when_it_does_not_answer_and_up_when_it_does_again") {
  Asked world;
  world.run_for(10s);
  world.away();
  world.run_for(core::limits::contact_every);
  CHECK(world.shown("lead").state == State::backing_off);
  CHECK(world.shown("lead").last_error == "connection refused");
  CHECK(world.shown("lead").next_attempt_in.value_or(1h) <= Millis(core::limits::contact_every));
  world.run_for(1h);
  CHECK(world.heard_before() >= 1h);
  world.back();
  world.run_for(core::limits::contact_every);
  CHECK(world.shown("lead").state == State::up);
  CHECK_FALSE(world.shown("lead").next_attempt_in.has_value());
  CHECK(world.events.lines == std::vector<std::string>{"lead up", "lead down: connection refused", "lead up"});
}

TEST_CASE("a_destination_that_is_closed_is_not_asked_and_wants_no_step_for_it") {
  World world;
  Door door;
  DestinationSpec spec{"lead", 2, [&](unsigned) { return std::make_unique<sim::Courier>(world.peers["lead"]); }};
  spec.make_contact = [&] { return std::make_shared<Knock>(door, world.clock); };
  Destination destination(std::move(spec), {world.queue, world.lanes, world.flag, world.events, world.clock, world.random}, {});
  destination.set_open(false);
  world.clock.advance(10 * Millis(core::limits::contact_every));
  CHECK(destination.step() > world.clock.mono());
  CHECK(world.lanes.jobs.empty());
  destination.set_open(true);
  static_cast<void>(destination.step());
  CHECK(world.lanes.jobs.size() == 1);
}

TEST_CASE("nobody_asks_while_images_flow") {
  Asked world;
  for (unsigned minute = 0; minute < 60; ++minute) {
    world.put("lead", minute * 10, minute * 10 + 9);
    world.run_for(1min);
  }
  CHECK(world.done("lead") == 600);
  CHECK(world.asked() <= 1);
  CHECK(world.heard_before() <= 1min);
}

TEST_CASE("an_image_is_tried_at_once_however_long_a_destination_only_failed_to_answer") {
  Asked world;
  world.door.says = nobody;  // of the question alone: what it asks with does not work there
  world.run_for(10h);
  CHECK(world.shown("lead").state == State::backing_off);
  world.put("lead", 1, 100);
  world.run_for(1s);
  CHECK(world.done("lead") == 100);
  CHECK(world.shown("lead").state == State::up);
}

TEST_CASE("an_image_is_tried_at_once_where_a_destination_refused_the_question_alone") {
  Asked world;
  world.door.says = not_let_in;  // it takes images of this node and no echo
  for (unsigned image = 1; image <= 5; ++image) {
    world.run_for(core::limits::configuration_probe_every * 3 / 2);
    CHECK(world.shown("lead").state == State::stopped);
    world.put("lead", image, image);
    world.run_for(1s);
    CHECK(world.done("lead") == image);
    CHECK(world.shown("lead").state == State::up);
  }
}

TEST_CASE("an_answer_after_silence_has_what_waits_tried_at_once") {
  Asked world;
  world.away();
  world.put("lead", 1, 3);
  world.run_for(6h);  // its back-off is a quarter of an hour by now
  world.back();
  world.run_for(core::limits::contact_every);
  CHECK(world.done("lead") == 3);
  CHECK(world.queue.violations == 0);
}

TEST_CASE("one_that_answers_and_takes_nothing_is_not_up_for_its_answers_nor_tried_more_often") {
  Asked world, silent;
  for (Asked* one : {&world, &silent}) {
    one->run_for(10s);
    one->lead.answer = cut;
    if (one == &silent) one->door.says = nobody;
    one->put("lead", 1, 3);
    one->run_for(6h);
  }
  CHECK(world.shown("lead").state == State::backing_off);
  CHECK(world.heard_before() <= Millis(core::limits::contact_every));
  CHECK(world.lead.trips.size() < 90);
  CHECK(world.lead.trips.size() < silent.lead.trips.size() + 20);
}

TEST_CASE("one_that_answers_again_and_still_takes_nothing_is_left_to_its_back_off") {
  Asked world;
  world.away();
  world.put("lead", 1, 3);
  world.run_for(2h);
  world.door.says.reset();
  world.run_for(5min);
  const auto tried = world.lead.trips.size();
  world.run_for(6h);
  CHECK(world.shown("lead").state == State::backing_off);
  CHECK(world.lead.trips.size() - tried < 90);
}

TEST_CASE("a_detour_ends_when_the_destination_answers_again_although_nothing_waits_for_it") {
  Asked world("copy");
  world.peers["copy"].answer = delivered;
  world.away();
  world.put("lead", 1, 5);
  world.run_for(30min);
  CHECK(world.done("lead") == 5);
  CHECK(world.shown("lead").detour_to == "copy");
  CHECK(world.shown("lead").state == State::backing_off);
  world.back();
  world.run_for(core::limits::contact_every);
  CHECK(world.shown("lead").detour_to.empty());
  CHECK(world.shown("lead").state == State::up);
}

TEST_CASE("a_detour_goes_on_while_the_destination_answers_and_takes_nothing") {
  Asked world("copy");
  world.peers["copy"].answer = delivered;
  world.run_for(10s);
  world.lead.answer = cut;
  world.put("lead", 1, 5);
  world.run_for(2h);
  CHECK(world.done("lead") == 5);
  CHECK(world.shown("lead").detour_to == "copy");
  // Nothing waits and no question helps: with the next image it is tried again.
  CHECK(world.shown("lead").state == State::backing_off);
  world.lead.answer = delivered;
  world.put("lead", 6, 6);
  world.run_for(1s);
  CHECK(world.shown("lead").state == State::up);
}

TEST_CASE("one_that_does_not_let_this_node_in_is_stopped_and_asked_slowly") {
  Asked world;
  world.door.says = not_let_in;
  world.run_for(10s);
  CHECK(world.shown("lead").state == State::stopped);
  CHECK(world.events.lines == std::vector<std::string>{"lead stopped: calling AE title not recognised"});
  const auto asked = world.asked();
  world.run_for(1h);
  CHECK(world.asked() - asked <= 1h / Millis(core::limits::configuration_probe_every) + 1);
  world.back();
  world.run_for(core::limits::configuration_probe_every);
  CHECK(world.shown("lead").state == State::up);
}

TEST_CASE("one_that_wants_to_be_left_alone_is_not_asked_meanwhile") {
  Asked world;
  world.run_for(10s);
  core::Retry busy = retry(core::Scope::destination, "too many requests");
  busy.not_before = 10min;
  world.lead.answer = always(busy);
  world.put("lead", 1, 1);
  world.run_for(1s);
  const auto asked = world.asked();
  CHECK(world.shown("lead").next_attempt_in.value_or(0s) > 9min);
  world.run_for(9min);
  CHECK(world.asked() == asked);
  world.run_for(5min);
  CHECK(world.lead.trips.size() == 2);
  world.away();
  world.door.says->not_before = 10min;
  world.run_for(1h);
  CHECK(world.asked() - asked <= 6);
}

TEST_CASE("a_question_under_way_is_interrupted_by_the_stop_and_says_nothing") {
  Asked world;
  world.clock.advance(10s);
  world.step();
  REQUIRE(world.lanes.jobs.size() == 1);
  world.scheduler.stop(5s);
  CHECK(world.door.interrupts == 1);
  CHECK_FALSE(world.scheduler.stopped());
  world.door.says = nobody;
  world.lanes.run_next();
  world.step();
  CHECK(world.scheduler.stopped());
  CHECK(world.events.lines.empty());
}

TEST_CASE("a_person_who_says_that_it_works_again_has_it_asked_at_once") {
  Asked world;
  world.away();
  world.run_for(1h);
  world.back();
  world.scheduler.retry_now("lead");
  world.run_for(1s);
  CHECK(world.shown("lead").state == State::up);
}
