// SPDX-License-Identifier: Apache-2.0
// A state directory read without its node and without its ledger: what is still owed is what a rebuild would still owe.
#include "queue/orphan.h"

#include "fixture.h"
#include "queue/lookup.h"
#include "queue/orders.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("orphan" * doctest::description("contract 2, 4, 9"));

namespace {

using Owing = std::map<std::string, std::uint64_t>;  // images by destination; empty name: nobody was found for them yet

struct OrphanFixture : QueueFixture {
  queue::OrphanCounts found;
  std::vector<std::string> seen;   // SOP Instance UIDs of all that is here
  std::set<std::string> undelivered;

  // The queue is stopped.
  Owing rescued() {
    auto orphan = queue::Orphan::open(files, queue::KeySources{home.path().string()});
    REQUIRE_MESSAGE(orphan.ok(), (orphan.ok() ? "" : orphan.error().message));
    Owing owing;
    seen.clear(), undelivered.clear();
    orphan->each([&](core::Consignment one, const queue::Fate& fate, std::uint64_t) {
      const std::string uid(one.item.facts.get(core::Fact::sop_instance_uid));
      seen.push_back(uid);
      if (fate.undelivered()) undelivered.insert(uid);
      for (const auto& to : fate.owed_to) ++owing[to];
      if (fate.undelivered() && fate.owed_to.empty()) ++owing[""];
      for (const auto& [by, why] : fate.refused_by) CHECK(fate.owed_to.contains(by));
      return true;
    });
    found = orphan->counts();
    return owing;
  }
  // Rescue first, because a start may change what is on the disk.
  Owing rescued_without_ledger() {
    queue->drain();
    stop();
    lose_ledger();
    return rescued();
  }
  Owing rebuilt() {
    start();
    queue->drain();
    Owing owing;
    for (const auto& one : queue->summary().destinations)
      if (const auto due = one.waiting + one.on_hold + one.rejected; due > 0) owing[one.destination] = due;
    return owing;
  }
  queue::Match find(const std::string& name) {
    queue->drain();
    const auto matches = queue->lookup().find(name, 10);
    REQUIRE(matches.size() == 1);
    return matches[0];
  }
  // What is lent of this name is dealt with, the rest given back.
  template <class What>
  void with(const std::string& uid, const std::string& destination, What what) {
    for (const auto& one : lease(1000, destination))
      if (one.item.facts.get(core::Fact::sop_instance_uid) == uid)
        what(one);
      else
        queue->put_back(destination, one.item.id, "", Millis(0), false);
    queue->drain();
  }
  void settle(const std::string& uid, const std::string& destination) {
    with(uid, destination, [&](const core::Consignment& one) { deliver(one, core::Level::archived, destination); });
  }
};

}  // namespace

TEST_CASE_FIXTURE(OrphanFixture, "an_image_that_reached_one_of_its_destinations_is_owed_to_the_others_without_the_ledger") {
  destinations = {"lead", "cloud"};
  for (unsigned i = 1; i <= 3; ++i) REQUIRE(put(pattern(1000, i), image_facts("1." + std::to_string(i))).ok());
  settle("1.1", "lead");
  settle("1.2", "lead"), settle("1.2", "cloud");
  CHECK(rescued_without_ledger() == Owing{{"lead", 1}, {"cloud", 2}});
  CHECK(undelivered == std::set<std::string>{"1.1", "1.3"});
  CHECK(seen.size() == 3);
  CHECK(found.unsaid == 0);
  CHECK_FALSE(found.ledger);
}

TEST_CASE_FIXTURE(OrphanFixture, "a_destination_that_a_later_route_or_a_person_gave_is_owed_as_well") {
  destinations = {};
  REQUIRE(put(pattern(1000, 1), image_facts("1.1", "5.1")).ok());
  REQUIRE(put(pattern(1000, 2), image_facts("1.2", "5.2")).ok());
  CHECK(count("").waiting == 2);
  REQUIRE(queue->orders().owe(find("5.2"), "museum").ok());
  destinations = {"lead", "cloud"};
  queue->route_again();
  settle("1.1", "lead");
  settle("1.2", "museum");
  CHECK(rescued_without_ledger() == Owing{{"cloud", 1}});
  destinations = {"elsewhere"};  // routes of another day change nothing of it
  CHECK(rebuilt() == Owing{{"cloud", 1}});
}

TEST_CASE_FIXTURE(OrphanFixture, "what_is_owed_is_judged_as_a_rebuild_judges_it") {
  destinations = {"lead", "cloud"};
  for (unsigned i = 1; i <= 9; ++i) REQUIRE(put(pattern(900, i), image_facts("1." + std::to_string(i), i <= 5 ? "5.1" : "5.2")).ok());
  settle("1.1", "lead"), settle("1.1", "cloud");
  settle("1.2", "lead");
  with("1.3", "lead", [&](const core::Consignment& one) { queue->reject("lead", one.item.id, "no such patient"); });
  with("1.4", "cloud", [&](const core::Consignment& one) { queue->reject("cloud", one.item.id, "no such patient"); });
  REQUIRE(queue->orders().resend(find("1.2"), "lead").ok());
  settle("1.5", "lead");
  REQUIRE(queue->orders().hold(find("5.2"), "cloud").ok());
  REQUIRE(queue->orders().owe(find("5.2"), "museum").ok());
  settle("1.6", "museum");
  turns(3);  // 1.1 is gone
  REQUIRE(put(pattern(900, 10), image_facts("1.10", "5.2")).ok());   // of an exam somebody was added to
  REQUIRE(put(pattern(900, 77), image_facts("1.7", "5.2")).ok());    // other content of one UID
  const Owing rescued_now = rescued_without_ledger();
  CHECK(seen == std::vector<std::string>{"1.2", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "1.10", "1.7"});
  destinations = {"elsewhere"};
  CHECK(rescued_now == rebuilt());
  CHECK(rescued_now == Owing{{"lead", 9}, {"cloud", 10}, {"museum", 5}});
}

TEST_CASE_FIXTURE(OrphanFixture, "a_receipt_for_other_bytes_and_a_duplicate_change_nothing_of_what_is_owed") {
  core::Manifest manifest;
  manifest.id = make_uuid7(clock.wall(), system_random());
  REQUIRE(put(pattern(1000, 1), image_facts("1.1"), manifest).ok());
  settle("1.1", "lead");
  REQUIRE(put(pattern(1000, 2), image_facts("1.2"), manifest).ok());  // of one id, and another image
  REQUIRE(put(pattern(1000, 3), image_facts("1.3")).ok());
  REQUIRE(put(pattern(1000, 3), image_facts("1.3"), {}).ok());
  CHECK(rescued_without_ledger() == Owing{{"lead", 2}});
  CHECK(undelivered == std::set<std::string>{"1.2", "1.3"});
}

TEST_CASE_FIXTURE(OrphanFixture, "a_segment_whose_header_is_damaged_is_read_by_what_its_records_say") {
  destinations = {"lead", "cloud"};
  for (unsigned i = 1; i <= 3; ++i) REQUIRE(put(pattern(1000, i), image_facts("1." + std::to_string(i))).ok());
  settle("1.1", "lead");
  queue->drain();
  stop();
  REQUIRE(segments('i').size() == 1);
  REQUIRE(segments('n').size() == 1);
  char stream = 'i';
  SUBCASE("of items") { stream = 'i'; }
  SUBCASE("of notes") { stream = 'n'; }
  overwrite(segments(stream)[0], 0, Bytes(4096, 0xaa));
  for (const bool with_ledger : {true, false}) {
    if (!with_ledger) lose_ledger();
    CHECK(rescued() == Owing{{"lead", 2}, {"cloud", 3}});
    CHECK(seen.size() == 3);
    CHECK(found.foreign == 0);
    CHECK(found.damaged == 1);
  }
}

TEST_CASE_FIXTURE(OrphanFixture, "a_segment_of_another_place_or_of_nobody_is_passed_over_and_one_just_begun_alarms_nobody") {
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  queue->drain();
  stop();
  std::filesystem::copy(segments()[0], at("spool/i00000000000000bb.seg"));
  std::ofstream(at("spool/i00000000000000cc.seg")) << std::string(9000, 'x');
  std::ofstream(at("spool/i00000000000000dd.seg")) << std::string(4096, '\0');
  CHECK(rescued() == Owing{{"lead", 1}});
  CHECK(found.foreign == 1);
  CHECK(found.unread == 1);  // nothing says whose it is
  CHECK(found.damaged == 0);
  CHECK_FALSE(found.notes_unread);
}

TEST_CASE_FIXTURE(OrphanFixture, "a_segment_that_does_not_open_may_hold_images_and_is_no_foreign_file" * doctest::description("contract 2, 9")) {
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  queue->drain();
  stop();
  const std::string segment = segments()[0];
  std::filesystem::remove(segment);
  std::filesystem::create_directory(segment);
  CHECK(rescued().empty());
  CHECK(found.unread == 1);
  CHECK(found.foreign == 0);
}

TEST_CASE_FIXTURE(OrphanFixture, "a_receipt_that_notes_which_did_not_read_may_have_taken_back_is_told_and_the_ledger_knows_better" * doctest::description("contract 2, 3")) {
  enough = static_cast<core::Level>(9);  // it stays
  for (unsigned i = 1; i <= 2; ++i) REQUIRE(put(pattern(1000, i), image_facts("1." + std::to_string(i))).ok());
  settle("1.1", "lead"), settle("1.2", "lead");
  restart();
  REQUIRE(queue->orders().resend(find("1.1"), "").ok());
  queue->drain();
  stop();
  const std::string notes = segments('n').back();
  SUBCASE("its segment does not open") {
    std::filesystem::remove(notes);
    std::filesystem::create_directory(notes);
  }
  SUBCASE("its record does not verify") { overwrite(notes, 4096 + 200, {1, 2, 3, 4, 5, 6, 7, 8}); }
  CHECK(rescued() == Owing{{"lead", 1}});
  CHECK(undelivered == std::set<std::string>{"1.1"});
  CHECK(found.notes_unread);
  lose_ledger();
  CHECK(rescued().empty());
  CHECK(found.notes_unread);
}

TEST_CASE_FIXTURE(OrphanFixture, "a_copy_that_is_owed_to_more_than_what_it_repeats_is_undelivered_when_the_machine_died_before_that_was_handed_over" * doctest::description("contract 1")) {
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  with("1.1", "lead", [&](const core::Consignment& one) { deliver(one, core::Level::accepted); });
  Owing owing;
  std::size_t records = 1;
  tamper("CREATE TRIGGER injected BEFORE INSERT ON item BEGIN SELECT RAISE(ROLLBACK, 'not yet'); END");
  SUBCASE("to more") {
    destinations = {"lead", "archive"};
    owing = {{"archive", 1}};
    records = 2;
  }
  SUBCASE("to no more") { files.failing_read = 2; }  // what is here did not read just now: the same image is stored once more
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  if (records == 2) REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());  // one of them is enough
  stop();
  for (const bool with_ledger : {true, false}) {
    if (!with_ledger) lose_ledger();
    CHECK(rescued() == owing);
    CHECK(seen.size() == records);
    CHECK(undelivered.size() == owing.size());
  }
  destinations = {"elsewhere"};
  CHECK(rebuilt() == owing);
}
