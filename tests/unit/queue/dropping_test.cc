// SPDX-License-Identifier: Apache-2.0
// A destination that does not come back: what becomes of what was owed to it, also after a rebuild and a compaction.
#include "queue/dropping.h"

#include <future>

#include "fixture.h"
#include "queue/lookup.h"
#include "queue/orders.h"

using namespace sampan;
using namespace sampan::test;
using queue::Dropped;

TEST_SUITE_BEGIN("queue dropping" * doctest::description("contract 2, 4"));

namespace {

const std::string nobody;

struct Leaves : QueueFixture {
  std::set<std::string> required{"lead"};

  void take(unsigned from, unsigned to, std::vector<std::string> owed) {
    destinations = std::move(owed);
    for (unsigned n = from; n < to; ++n) REQUIRE(put(pattern(20'000, n), image_facts("1." + std::to_string(n))).ok());
    queue->drain();
    destinations = {};
  }
  Dropped drop(const std::string& destination = "old", bool give_up = false) {
    queue->drain();
    const auto counted = queue->dropping().count({destination, required, give_up});
    const auto done = queue->dropping().drop({destination, required, give_up});
    REQUIRE(counted.ok());
    REQUIRE(done.ok());
    for (const auto part : {&Dropped::elsewhere, &Dropped::kept, &Dropped::given_up, &Dropped::damaged, &Dropped::telemetry})
      CHECK((*counted).*part == (*done).*part);
    queue->drain();
    return *done;
  }
  void shows(std::uint64_t to_old, std::uint64_t to_lead, std::uint64_t to_nobody) {
    CHECK(count("old").waiting == to_old);
    CHECK(count("lead").waiting == to_lead);
    CHECK(count(nobody).waiting == to_nobody);
  }
};

}  // namespace

TEST_CASE_FIXTURE(Leaves, "what_another_destination_is_owed_as_well_is_its_alone_and_what_nobody_is_owed_is_kept_and_waits_for_a_route") {
  take(0, 3, {"old", "lead"});
  take(3, 5, {"old"});
  take(5, 6, {"old", "copy"});  // which does not count
  const Dropped done = drop();
  CHECK(done.elsewhere == 3);
  CHECK(done.kept == 3);
  CHECK(done.given_up + done.damaged + done.telemetry == 0);
  shows(0, 3, 3);
  CHECK(drop().all() == 0);
  for (const bool without_ledger : {false, true, true}) {
    restart(without_ledger);
    shows(0, 3, 3);
    CHECK(count("copy").waiting == 1);
    CHECK(queue->summary().items == 6);
  }
  destinations = {"lead"};
  queue->route_again();
  shows(0, 6, 0);
  CHECK(lease(10, "lead").size() == 6);
  for (int i = 0; i < 2; ++i) {
    restart(true);
    shows(0, 6, 0);
  }
}

TEST_CASE_FIXTURE(Leaves, "a_destination_that_comes_back_is_owed_what_is_routed_to_it_from_then_on_and_a_rebuild_knows_it") {
  take(0, 2, {"old"});
  drop();
  shows(0, 0, 2);
  destinations = {"old"};
  queue->route_again();
  queue->drain();
  shows(2, 0, 0);
  const auto items = lease(1, "old");
  REQUIRE(items.size() == 1);
  deliver(items[0], core::Level::accepted, "old");
  restart(true);
  CHECK(count("old").waiting == 1);
  CHECK(count("old").accepted_here == 1);
  shows(1, 0, 0);
}

TEST_CASE_FIXTURE(Leaves, "what_a_destination_said_before_it_was_dropped_counts_no_more_once_it_comes_back_and_is_owed_it_anew" * doctest::description("contract 3")) {
  take(0, 3, {"old"});
  take(3, 4, {"old", "lead"});
  const auto items = lease(10, "old");
  REQUIRE(items.size() == 4);
  deliver(items[0], core::Level::accepted, "old");
  queue->reject("old", items[1].item.id, "no such patient");
  deliver(items[3], core::Level::accepted, "old");
  CHECK(drop().all() == 4);
  shows(0, 1, 3);
  destinations = {"old"};
  queue->route_again();
  queue->drain();
  REQUIRE(queue->orders().owe(queue->lookup().find("1.2.3", 1).at(0), "old").ok());
  destinations = {};
  for (const bool without_ledger : {false, true, true}) {
    shows(4, 1, 0);
    CHECK(count("old").accepted_here == 0);
    CHECK(count("old").rejected == 0);
    restart(without_ledger);
  }
  const auto again = lease(10, "old");
  REQUIRE(again.size() == 4);
  deliver(again[0], core::Level::accepted, "old");
  queue->reject("old", again[1].item.id, "no such patient");
  queue->drain();
  for (int i = 0; i < 2; ++i) {
    restart(true);
    shows(2, 1, 0);
    CHECK(count("old").accepted_here == 1);
    CHECK(count("old").rejected == 1);
  }
}

TEST_CASE_FIXTURE(Leaves, "what_is_pushed_to_a_destination_that_was_dropped_and_came_back_is_owed_to_it_whatever_is_read_again") {
  take(0, 2, {"old", "lead"});
  take(2, 3, {"old"});
  drop();
  take(3, 4, {"old", "lead"});  // owed to it as it came
  REQUIRE(queue->orders().hold(queue->lookup().find("1.2.3", 1).at(0), "old").ok());
  const auto pushed = queue->orders().owe(queue->lookup().find("1.2.3", 1).at(0), "old");
  REQUIRE(pushed.ok());
  CHECK(pushed->deliveries == 0);
  CHECK(pushed->on_hold == 4);
  REQUIRE(queue->orders().resume(queue->lookup().find("1.2.3", 1).at(0), "old").ok());
  for (const bool without_ledger : {false, true, true}) {
    shows(4, 3, 0);
    restart(without_ledger);
  }
  for (const auto& one : lease(10, "lead")) deliver(one, core::Level::archived, "lead");
  turns(3);
  CHECK(queue->summary().items == 4);
  for (const auto& one : lease(10, "old")) deliver(one, core::Level::archived, "old");
  turns(3);
  CHECK(queue->summary().items == 0);
}

TEST_CASE_FIXTURE(Leaves, "what_was_released_stays_released_where_the_duty_was_given_by_a_note_that_a_compaction_writes_anew") {
  notes_slack_bytes = 0;
  restart();
  take(0, 3, {});
  destinations = {"old"};
  queue->route_again();
  shows(3, 0, 0);
  destinations = {};
  restart();  // the duties stand in a segment that is sealed, their end in the next one
  const std::string said = segments('n').front();
  CHECK(drop().kept == 3);
  turns(12);
  CHECK_FALSE(std::filesystem::exists(said));
  for (const bool without_ledger : {false, true}) {
    shows(0, 0, 3);
    restart(without_ledger);
  }
  shows(0, 0, 3);
}

TEST_CASE_FIXTURE(Leaves, "what_is_kept_for_nobody_beside_a_copy_that_does_not_count_stays_kept_however_often_its_duty_is_written_anew") {
  notes_slack_bytes = 0;
  restart();
  take(0, 3, {});
  destinations = {"old", "copy"};
  queue->route_again();
  shows(3, 0, 0);
  destinations = {};
  restart();
  CHECK(drop().kept == 3);
  for (int round = 0; round < 2; ++round) {
    restart();  // what was said stands in a segment that is sealed
    const std::string said = segments('n').front();
    for (int i = 0; i < 12 + 40 * round; ++i)  // until a compaction is worth it
      REQUIRE(queue->orders().prioritise(queue->lookup().find("1.2.3", 1).at(0), core::Priority::bulk).ok());
    turns(12);
    CHECK_FALSE(std::filesystem::exists(said));
    restart(round > 0);
    shows(0, 0, 3);
    CHECK(count("copy").waiting == 3);
  }
  destinations = {"lead"};
  queue->route_again();
  shows(0, 3, 0);
  restart(true);
  shows(0, 3, 0);
}

TEST_CASE_FIXTURE(Leaves, "what_is_pushed_there_is_released_again_when_it_is_dropped_once_more_and_a_compaction_keeps_the_last_word") {
  notes_slack_bytes = 0;
  restart();
  take(0, 2, {"old", "lead"});
  for (const bool pushed : {true, false}) {
    drop();
    if (pushed) REQUIRE(queue->orders().owe(queue->lookup().find("1.2.3", 1).at(0), "old").ok());
    restart();  // a segment of notes for each
  }
  const std::string said = segments('n').front();
  for (int i = 0; i < 12; ++i)  // until a compaction is worth it
    REQUIRE(queue->orders().prioritise(queue->lookup().find("1.2.3", 1).at(0), core::Priority::bulk).ok());
  turns(12);
  CHECK_FALSE(std::filesystem::exists(said));
  for (const bool without_ledger : {false, true}) {
    shows(0, 2, 0);
    restart(without_ledger);
  }
  shows(0, 2, 0);
}

TEST_CASE_FIXTURE(Leaves, "what_it_accepted_without_proof_is_kept_and_what_it_proved_is_left_as_it_is") {
  take(0, 3, {"old"});
  const auto items = lease(3, "old");
  deliver(items[0], core::Level::archived, "old");
  deliver(items[1], core::Level::accepted, "old");
  CHECK(drop().kept == 2);
  shows(0, 0, 2);
  CHECK(count("old").archived == 1);
  restart(true);
  shows(0, 0, 2);
  CHECK(count("old").archived == 1);
  queue->tick();
  queue->drain();
  CHECK(queue->summary().items == 2);
}

TEST_CASE_FIXTURE(Leaves, "what_is_given_up_on_order_goes_with_its_bytes_and_is_new_when_it_comes_again") {
  take(0, 40, {"old"});
  take(40, 41, {"old", "lead"});
  const Dropped done = drop("old", true);
  CHECK(done.given_up == 40);
  CHECK(done.elsewhere == 1);
  shows(0, 1, 0);
  CHECK(queue->summary().items == 1);
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    shows(0, 1, 0);
    CHECK(queue->summary().items == 1);
  }
  destinations = {"lead"};
  const auto again = put(pattern(20'000, 7), image_facts("1.7"));
  REQUIRE(again.ok());
  CHECK_FALSE(again->repeated);
  shows(0, 2, 0);
  restart(true);
  shows(0, 2, 0);
}

TEST_CASE_FIXTURE(Leaves, "nothing_is_given_up_while_a_rebuild_goes_on_for_its_segment_may_hold_what_was_not_read_yet" * doctest::description("contract 1")) {
  constexpr unsigned more_than_a_step = 300;
  files.syncs_for_nothing = true;
  destinations = {"old"};
  for (unsigned n = 0; n < more_than_a_step; ++n) REQUIRE(put(pattern(100, n), image_facts("1." + std::to_string(n))).ok());
  stop();
  lose_ledger();
  std::promise<void> first_step, looked;
  at_word = [&, asked_by = std::this_thread::get_id(), waits = true]() mutable {
    if (std::this_thread::get_id() == asked_by || !std::exchange(waits, false)) return;
    first_step.set_value();
    looked.get_future().wait();
  };
  start();
  first_step.get_future().wait();
  const auto early = queue->dropping().drop({"old", required, true});
  looked.set_value();
  REQUIRE_FALSE(early.ok());
  CHECK(count("old").waiting == more_than_a_step);
  stop();
  at_word = [] {};
  start();
}

TEST_CASE_FIXTURE(Leaves, "what_somebody_was_given_since_the_order_looked_at_it_is_not_given_up" * doctest::description("contract 1")) {
  take(0, 1, {"old", "lead"});
  take(1, 3, {"old"});
  REQUIRE(segments('n').empty());
  tamper("CREATE TRIGGER injected BEFORE INSERT ON item BEGIN SELECT RAISE(ROLLBACK, 'not yet'); END");
  destinations = {"lead"};
  REQUIRE(put(pattern(20'000, 1), image_facts("1.1"))->repeated);  // answered, and in no ledger yet
  auto dropping = std::async(std::launch::async, [&] { return queue->dropping().drop({"old", required, true}); });
  // The page is read, and its first part stands: the ledger takes it with the copy, and what that owes, before the rest is asked for.
  REQUIRE(within(std::chrono::seconds(10), [&] { return !segments('n').empty(); }));
  tamper("DROP TRIGGER injected");
  const auto done = dropping.get();
  REQUIRE(done.ok());
  CHECK(done->elsewhere == 2);
  CHECK(done->given_up == 1);
  for (const bool without_ledger : {false, true, true}) {
    shows(0, 2, 0);
    CHECK(queue->summary().items == 2);
    restart(without_ledger);
  }
}

TEST_CASE_FIXTURE(Leaves, "nothing_is_given_up_while_notes_which_did_not_open_may_say_who_else_is_owed_it" * doctest::description("contract 2")) {
  take(0, 2, {"old"});
  restart();
  const auto match = queue->lookup().find("1.0", 2);
  REQUIRE(match.size() == 1);
  REQUIRE(queue->orders().owe({queue::Match::What::study, match[0].exam}, "lead").ok());
  stop();
  lose_ledger();
  const std::string notes = segments('n').back();
  std::filesystem::rename(notes, notes + "x");
  std::filesystem::create_directory(notes);
  start();
  queue->drain();
  shows(2, 0, 0);
  for (const auto& answer : {queue->dropping().count({"old", required, true}), queue->dropping().drop({"old", required, true})}) {
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().code == Errc::refused);
  }
  CHECK(drop("old").kept == 2);
  stop();
  std::filesystem::remove(notes);
  std::filesystem::rename(notes + "x", notes);
  start();
  turns();
  CHECK(queue->summary().items == 2);
  CHECK(count("lead").waiting == 2);
}

TEST_CASE_FIXTURE(Leaves, "a_copy_of_what_is_given_up_goes_with_it_and_a_rebuild_owes_it_to_nobody") {
  take(0, 2, {"old"});
  destinations = {"old"};
  files.failing_read = 2;  // what is here did not read just now: the same image is stored once more
  const auto again = put(pattern(20'000, 1), image_facts("1.1"));
  REQUIRE(again.ok());
  REQUIRE_FALSE(again->repeated);
  queue->drain();
  CHECK(drop("old", true).given_up == 2);
  for (const bool without_ledger : {false, true, true}) {
    shows(0, 0, 0);
    CHECK(queue->summary().items == 0);
    auto ledger = queue::Sql::open(at("ledger.db").string(), false);
    REQUIRE(ledger.ok());
    queue::Statement copies(**ledger, "SELECT count(*) FROM item WHERE state=4");
    REQUIRE(copies.step());
    CHECK(copies.number(0) == 0);
    restart(without_ledger);
  }
}

TEST_CASE_FIXTURE(Leaves, "an_exam_on_hold_is_released_and_stays_on_hold") {
  take(0, 2, {"old"});
  const auto exam = queue->lookup().find("1.2.3", 1);
  REQUIRE(exam.size() == 1);
  REQUIRE(queue->orders().hold(exam[0], "").ok());
  queue->drain();
  CHECK(drop().kept == 2);
  CHECK(count(nobody).on_hold == 2);
  CHECK(count("old").on_hold == 0);
}

TEST_CASE_FIXTURE(Leaves, "telemetry_that_nobody_else_is_owed_goes_and_other_telemetry_stays_for_the_others") {
  destinations = {"old"};
  core::Manifest event;
  event.kind = core::Kind::event;
  REQUIRE(put(pattern(100, 1), {}, event).ok());
  destinations = {"old", "copy"};
  REQUIRE(put(pattern(100, 2), {}, event).ok());
  CHECK(drop().telemetry == 2);
  CHECK(count("old").news_waiting == 0);
  CHECK(count("copy").news_waiting == 1);
  CHECK(queue->summary().items == 1);
  restart(true);
  CHECK(count("old").news_waiting == 0);
  CHECK(count("copy").news_waiting == 1);
  CHECK(queue->summary().items == 1);
}

TEST_CASE_FIXTURE(Leaves, "more_than_a_page_is_dropped_and_a_compaction_keeps_what_a_rebuild_needs") {
  for (unsigned n = 0; n < 2500; ++n) {
    destinations = n % 2 == 0 ? std::vector<std::string>{"old"} : std::vector<std::string>{"old", "lead"};
    REQUIRE(put(pattern(200, n), image_facts("1." + std::to_string(n))).ok());
  }
  destinations = {};
  queue->drain();
  const auto counted = queue->dropping().count({"old", required, false, Millis(0)});
  REQUIRE(counted.ok());
  CHECK(counted->more);
  CHECK(counted->all() > 0);
  CHECK(counted->all() <= 1024);
  Dropped done;
  for (bool more = true; more;) {  // whoever is patient for no time at all has it done page by page
    const auto part = queue->dropping().drop({"old", required, false, Millis(0)});
    REQUIRE(part.ok());
    CHECK(part->all() <= 1024);
    done.add(*part);
    more = part->more;
  }
  CHECK(done.kept == 1250);
  CHECK(done.elsewhere == 1250);
  shows(0, 1250, 1250);
  destinations = {"lead"};
  queue->route_again();
  queue->drain();
  destinations = {};
  notes_slack_bytes = 0;
  restart();
  const std::string said = segments('n').front();
  REQUIRE(queue->orders().prioritise(queue->lookup().find("1.2.3", 1).at(0), core::Priority::bulk).ok());  // in a segment behind it
  turns(12);
  CHECK_FALSE(std::filesystem::exists(said));
  restart(true);
  shows(0, 2500, 0);
}
