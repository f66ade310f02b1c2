// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <algorithm>

#include "simulation.h"

using namespace sampan;
using namespace sampan::scheduler;
using namespace sampan::scheduler::sim;
using core::Scope;
using State = sim::Queue::State;
using Lines = std::vector<std::string>;

namespace {

// pacs goes via other after 30 minutes.
struct TwoWays : World {
  Peer& other = add("other");
  Peer& pacs = add_with_fallback("pacs", "other", 30min);
  bool said(const std::string& line) { return std::ranges::count(events.lines, line) > 0; }
};

}  // namespace

TEST_CASE_FIXTURE(TwoWays, "a_destination_that_answers_never_goes_another_way") {
  for (unsigned day = 0; day < 10; ++day) {
    put("pacs", day * 10 + 1, day * 10 + 10);
    run_for(24h);
  }
  CHECK(done("pacs") == 100);
  CHECK(other.trips.empty());
  CHECK_FALSE(said("pacs goes via other"));
}

TEST_CASE_FIXTURE(TwoWays, "after_the_set_time_of_silence_what_waits_goes_to_the_fallback" * doctest::description("contract 7")) {
  pacs.answer = cut;
  put("pacs", 1, 200);
  run_for(29min);
  CHECK(done("pacs") == 0);
  CHECK(other.trips.empty());
  run_for(2min);
  CHECK(said("pacs goes via other"));
  CHECK(done("pacs") >= 199);  // one may be on its way as a probe
  run_for(30min);
  CHECK(done("pacs") == 200);
  CHECK(queue.at("pacs", 1).reason == "via other: ");
  CHECK(queue.violations == 0);
  CHECK(shown("pacs").detour_to == "other");
  CHECK(shown("pacs").detoured == 200);
  CHECK(shown("pacs").delivered == 200);
  CHECK(shown("pacs").delivered_bytes == 200'000);
  // What comes later goes the same way at once.
  put("pacs", 201, 210);
  run_for(1min);
  CHECK(done("pacs") >= 209);
}

TEST_CASE_FIXTURE(TwoWays, "the_only_image_there_is_goes_to_the_fallback_although_the_destination_is_tried_with_it_first" * doctest::description("contract 7")) {
  pacs.answer = cut;
  put("pacs", 1, 10);
  run_for(2h);
  REQUIRE(done("pacs") == 10);
  put("pacs", 11, 11);
  run_for(1min);
  CHECK(done("pacs") == 11);
}

TEST_CASE_FIXTURE(TwoWays, "with_the_first_answer_everything_goes_to_the_destination_again" * doctest::description("contract 7")) {
  pacs.answer = cut;
  put("pacs", 1, 10);
  run_for(2h);
  CHECK(done("pacs") == 10);
  pacs.answer = delivered;
  // It is asked again by what comes in.
  for (unsigned n = 11; n <= 100; ++n) {
    put("pacs", n, n);
    run_for(1min);
  }
  CHECK(said("pacs goes no more via other"));
  CHECK(done("pacs") == 100);
  CHECK(shown("pacs").detour_to.empty());
  const auto before = other.trips.size();
  put("pacs", 101, 300);
  run_for(1min);
  CHECK(done("pacs") == 300);
  CHECK(other.trips.size() == before);
  CHECK(queue.violations == 0);
}

TEST_CASE_FIXTURE(TwoWays, "a_destination_that_refuses_this_node_goes_another_way_too") {
  pacs.answer = always(retry(Scope::configuration, "calling AE title not recognised"));
  put("pacs", 1, 10);
  run_for(31min);
  CHECK(done("pacs") == 10);
}

TEST_CASE_FIXTURE(TwoWays, "a_destination_that_takes_items_and_never_answers_goes_another_way_too") {
  put("pacs", 1, 128);
  step();  // both lanes of pacs are under way, and hang
  auto hanging = std::exchange(lanes.jobs, {});
  put("pacs", 129, 200);
  run_for(31min);
  CHECK(done("pacs") == 72);
  lanes.jobs = std::move(hanging);
  run_for(1min);
  CHECK(done("pacs") == 200);
  CHECK(said("pacs goes no more via other"));
  CHECK(queue.violations == 0);
}

TEST_CASE_FIXTURE(TwoWays, "what_the_fallback_refuses_waits_for_the_destination_and_is_not_counted_against_it" *
                               doctest::description("contract 7, 8")) {
  pacs.answer = cut;
  other.answer = [](const core::Item& item) -> core::Outcome {
    switch (number_of(item.id)) {
      case 1: return core::Rejected{"0xA900"};
      case 2: return retry(Scope::item, "0xC000", 5);
      case 3: return retry(Scope::sop_class, "not supported");
      default: return delivered(item);
    }
  };
  queue.put("pacs", item_of(3, "sr"));
  put("pacs", 1, 2);
  put("pacs", 4, 20);
  run_for(48h);
  CHECK(done("pacs") == 17);
  CHECK(count("pacs", State::rejected) == 0);
  for (const unsigned n : {1u, 2u, 3u}) CHECK(queue.at("pacs", n).attempts == 0);
  CHECK(queue.at("pacs", 1).reason == "via other: 0xA900");
  pacs.answer = delivered;
  run_for(1h);
  CHECK(done("pacs") == 20);
  CHECK(queue.violations == 0);
}

TEST_CASE_FIXTURE(TwoWays, "with_both_down_everything_waits_and_the_first_to_answer_takes_it") {
  pacs.answer = other.answer = cut;
  put("pacs", 1, 100);
  run_for(240h);
  CHECK(done("pacs") == 0);
  CHECK(count("pacs", State::waiting) == 100);
  other.answer = delivered;
  run_for(16min);
  CHECK(done("pacs") >= 99);
  CHECK(queue.violations == 0);
}

TEST_CASE_FIXTURE(TwoWays, "what_the_fallback_owes_itself_goes_on_beside_the_detour") {
  pacs.answer = cut;
  put("pacs", 1, 50);
  put("other", 101, 150);
  run_for(1h);
  put("other", 151, 200);
  run_for(30min);
  CHECK(done("pacs") == 50);
  CHECK(done("other") == 100);
}

TEST_CASE_FIXTURE(TwoWays, "what_its_detour_gives_back_goes_to_a_destination_that_found_nothing_meanwhile" * doctest::description("contract 7")) {
  pacs.answer = other.answer = cut;
  put("pacs", 1, 128);
  step();  // both lanes of pacs are under way, and hang
  auto hanging = std::exchange(lanes.jobs, {});
  put("pacs", 129, 129);
  clock.advance(31min);
  step();
  REQUIRE(shown("pacs").detour_to == "other");
  REQUIRE(lanes.jobs.size() == 1);  // the detour has the only one that nobody had
  auto on_detour = std::exchange(lanes.jobs, {});
  pacs.answer = delivered;
  lanes.jobs = std::move(hanging);
  run_for(5min);
  REQUIRE(done("pacs") == 128);
  CHECK(said("pacs goes no more via other"));
  lanes.jobs = std::move(on_detour);
  run_for(1s);
  CHECK(done("pacs") == 129);
  CHECK(queue.violations == 0);
}

TEST_CASE_FIXTURE(TwoWays, "what_was_laid_ready_for_its_detour_goes_to_a_destination_that_answers_although_the_detour_is_still_busy") {
  put("pacs", 1, 128);
  step();
  auto hanging = std::exchange(lanes.jobs, {});
  put("pacs", 129, 320);
  clock.advance(31min);
  step();
  REQUIRE(lanes.jobs.size() == 2);
  other.answer = [&](const core::Item& item) {
    if (number_of(item.id) != 170) return delivered(item);
    step();  // the detour leases ahead
    REQUIRE(count("pacs", State::waiting) == 0);
    for (auto& job : hanging) job();
    step();
    step();
    CHECK(lanes.jobs.size() == 2);  // the other lane of the detour, and one of the destination
    return delivered(item);
  };
  lanes.run_next();
  run_for(1s);
  CHECK(done("pacs") == 320);
  CHECK(pacs.trips.back().front() == 257);
  CHECK(queue.violations == 0);
}

TEST_CASE_FIXTURE(TwoWays, "what_a_destination_that_left_gives_back_goes_on_the_detour_of_the_one_that_has_its_name_now" * doctest::description("contract 7")) {
  put("pacs", 1, 128);
  step();
  auto hanging = std::exchange(lanes.jobs, {});
  scheduler.remove("pacs", 24h);
  add_with_fallback("pacs", "other", 30min).answer = cut;
  put("pacs", 129, 140);
  run_for(31min);
  REQUIRE(shown("pacs").detour_to == "other");
  REQUIRE(done("pacs") == 12);
  lanes.jobs = std::move(hanging);
  run_for(1s);
  CHECK(done("pacs") == 140);
  CHECK(queue.violations == 0);
}

TEST_CASE_FIXTURE(TwoWays, "the_scheduler_is_stopped_only_when_what_is_on_a_detour_of_a_destination_that_left_has_ended") {
  pacs.answer = cut;
  put("pacs", 1, 200);
  run_for(31min);
  put("pacs", 201, 400);
  step();
  REQUIRE_FALSE(lanes.jobs.empty());
  scheduler.remove("pacs");
  scheduler.stop(1s);
  step();
  CHECK_FALSE(scheduler.stopped());
  run_for(1min);
  CHECK(scheduler.stopped());
  CHECK(count("pacs", State::leased) == 0);
}

TEST_CASE_FIXTURE(TwoWays, "a_destination_on_its_detour_can_be_removed_and_the_scheduler_stopped") {
  pacs.answer = cut;
  put("pacs", 1, 200);
  run_for(31min);
  put("pacs", 201, 400);
  step();
  scheduler.remove("pacs");
  run_for(1min);
  scheduler.stop(1s);
  run_for(1min);
  CHECK(scheduler.stopped());
  CHECK(count("pacs", State::leased) == 0);
  CHECK(queue.violations == 0);
}
