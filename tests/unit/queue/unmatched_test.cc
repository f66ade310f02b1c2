// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("queue");

namespace {

const std::string nobody;

}  // namespace

TEST_CASE_FIXTURE(QueueFixture, "what_matches_no_route_is_kept_and_counted_and_survives_the_ledger" *
                                    doctest::description("contract 2, 4")) {
  destinations = {};
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  REQUIRE(put(pattern(1000, 2), image_facts("1.2")).ok());
  CHECK(count(nobody).waiting == 2);
  CHECK(count(nobody).waiting_bytes == 2000);
  CHECK(count(nobody).oldest_waiting.has_value());
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    CHECK(count(nobody).waiting == 2);
    queue->tick();
    queue->drain();
    CHECK(queue->summary().items == 2);
    CHECK(lease().empty());
  }
}

TEST_CASE_FIXTURE(QueueFixture, "routes_that_change_give_unmatched_items_their_destinations_and_leave_the_others_alone") {
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  queue->drain();
  destinations = {};
  for (unsigned i = 2; i < 402; ++i) REQUIRE(put(pattern(100, i), image_facts("1." + std::to_string(i))).ok());
  CHECK(count(nobody).waiting == 400);
  queue->route_again();
  CHECK(count(nobody).waiting == 400);
  destinations = {"lead", "second"};
  queue->route_again();
  CHECK(count(nobody).waiting == 0);
  CHECK(count(nobody).waiting_bytes == 0);
  CHECK(count("lead").waiting == 401);
  CHECK(count("second").waiting == 400);
  CHECK(lease(1000, "second").size() == 400);
  // In the order of reception, with the content they came with.
  const auto items = lease(1000);
  REQUIRE(items.size() == 401);
  CHECK(content(items[1]) == pattern(100, 2));
  CHECK(content(items[400]) == pattern(100, 401));
}

TEST_CASE_FIXTURE(QueueFixture, "a_start_with_other_routes_sends_what_matched_none" * doctest::description("contract 9")) {
  destinations = {};
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  queue->drain();
  destinations = {"lead"};
  restart();
  CHECK(count(nobody).waiting == 0);
  const auto items = lease();
  REQUIRE(items.size() == 1);
  deliver(items[0]);
  queue->tick();
  queue->drain();
  CHECK(queue->summary().items == 0);
}

TEST_CASE_FIXTURE(QueueFixture, "an_unmatched_item_that_is_on_hold_stays_on_hold_when_it_is_routed") {
  destinations = {};
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  REQUIRE(put(pattern(1000, 2), image_facts("1.1")).ok());
  CHECK(count(nobody).waiting == 1);
  CHECK(count(nobody).on_hold == 1);
  destinations = {"lead"};
  queue->route_again();
  CHECK(count("lead").waiting == 1);
  CHECK(count("lead").on_hold == 1);
  CHECK(count(nobody).on_hold == 0);
}

TEST_CASE_FIXTURE(QueueFixture, "telemetry_that_nobody_takes_is_no_alarm") {
  destinations = {};
  core::Manifest event;
  event.kind = core::Kind::event;
  REQUIRE(put(pattern(100, 1), {}, event).ok());
  CHECK(count(nobody).waiting == 0);
}

TEST_CASE_FIXTURE(QueueFixture, "a_duty_once_given_is_not_forgotten_when_the_routes_change_and_the_ledger_is_lost" * doctest::description("contract 4")) {
  destinations = {"lead", "old"};
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  deliver(lease().at(0));
  destinations = {"lead", "new"};
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    CHECK(count("old").waiting == 1);
    CHECK(count("new").waiting == 0);
    CHECK(count("lead").archived == 1);
    queue->tick();
    queue->drain();
    CHECK(queue->summary().items == 1);  // the proof of the one does not stand for the other
  }
  deliver(lease(1, "old").at(0), core::Level::archived, "old");
  for (int round = 0; round < 2; ++round) {  // one goes on where the last one ended, the next one begins anew
    queue->tick();
    queue->drain();
  }
  CHECK(queue->summary().items == 0);
}

TEST_CASE_FIXTURE(QueueFixture, "a_duty_given_by_a_later_route_is_not_forgotten_either" * doctest::description("contract 4")) {
  destinations = {};
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  REQUIRE(put(pattern(1000, 2), image_facts("1.1")).ok());  // a person must look at it first
  REQUIRE(put(pattern(1000, 3), image_facts("1.3")).ok());
  queue->drain();
  destinations = {"lead", "old"};
  queue->route_again();
  queue->drain();
  for (const auto& one : lease()) deliver(one);
  destinations = {"new"};
  restart(true);
  CHECK(count("old").waiting == 2);
  CHECK(count("old").on_hold == 1);
  CHECK(count("lead").archived == 2);
  CHECK(count("lead").on_hold == 1);
  CHECK(count("new").waiting == 0);
  CHECK(count(nobody).waiting == 0);
  CHECK(count(nobody).on_hold == 0);
}

TEST_CASE_FIXTURE(QueueFixture, "a_duty_that_the_disk_does_not_take_is_not_believed_and_given_at_the_next_tick") {
  destinations = {};
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  queue->drain();
  destinations = {"lead"};
  files.sync_fails = true;
  queue->route_again();
  queue->drain();
  files.sync_fails = false;
  CHECK(count(nobody).waiting == 1);
  CHECK(count("lead").waiting == 0);
  queue->tick();
  queue->drain();
  CHECK(count("lead").waiting == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "an_image_whose_record_did_not_read_once_is_routed_a_while_later" * doctest::description("contract 4")) {
  destinations = {};
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  queue->drain();
  destinations = {"lead"};
  files.unreadable_from = 4096, files.unreadable_to = 8192;
  queue->route_again();
  queue->drain();
  files.unreadable_to = 0;
  CHECK(count(nobody).waiting == 1);
  const auto after = [&](Millis more) {
    clock.mono_ms += more.count();
    queue->tick();
    queue->drain();
    return count("lead").waiting;
  };
  CHECK(after(Millis(core::limits::back_off_most) - Millis(1)) == 0);  // each look reads all that match no route
  CHECK(after(Millis(1)) == 1);
  CHECK(count(nobody).waiting == 0);
}
