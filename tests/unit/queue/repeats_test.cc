// SPDX-License-Identifier: Apache-2.0
// The same instance more than once: whichever copy is damaged, punched or gone, one sound copy stays and is carried.
#include "fixture.h"
#include "queue/lookup.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("repeats" * doctest::description("contract 2, 6"));

namespace {

struct RepeatsFixture : QueueFixture {
  const Bytes bytes = pattern(10'000, 1);
  // Two senders at once: the second is here before the ledger knows the first.
  void put_twice(const core::Manifest& first = {}, const core::Manifest& second = {}) {
    auto a = queue->open(first), b = queue->open(second);
    REQUIRE((*a)->append(bytes).ok());
    REQUIRE((*b)->append(bytes).ok());
    tamper("CREATE TRIGGER injected BEFORE INSERT ON item BEGIN SELECT RAISE(ROLLBACK, 'not yet'); END");
    REQUIRE((*a)->commit(image_facts("1.1")).ok());
    const auto second_stored = (*b)->commit(image_facts("1.1"));
    REQUIRE(second_stored.ok());
    REQUIRE_FALSE(second_stored->repeated);
    tamper("DROP TRIGGER injected");
    queue->drain();
  }
  // The first of so many does not verify when it is to be sent.
  void send_in_vain(std::size_t items_due) {
    const auto items = lease();
    REQUIRE(items.size() == items_due);
    Bytes room(10'000);
    CHECK_FALSE(items[0].payload->read(0, room).ok());
    give_back(items);
  }
  void damage_first() { overwrite(segments().at(0), 4096 + 1000, {1, 2, 3, 4, 5, 6, 7, 8}); }
  // Of nobody: whatever was damaged is here again.
  void asks_for_nothing() {
    CHECK(queue->summary().quarantined == 0);
    CHECK(queue->lookup().quarantined(5).empty());
  }
  void check_one_sound_copy_is_carried() {
    auto items = lease();
    REQUIRE(items.size() == 1);
    CHECK(content(items[0]) == bytes);
  }
};

core::Manifest named(const Uuid& id) {
  core::Manifest manifest;
  manifest.id = id;
  return manifest;
}

}  // namespace

TEST_CASE_FIXTURE(RepeatsFixture, "however_many_copies_must_stay_those_behind_them_go" * doctest::description("contract 10")) {
  constexpr unsigned images = 514;  // two more than are looked at in one go
  for (unsigned n = 0; n < images; ++n) REQUIRE(put(pattern(200, n), image_facts("1." + std::to_string(n))).ok());
  queue->drain();
  for (unsigned n = 0; n < images; ++n) {
    files.failing_read = 2;  // what is here did not read just now
    const auto again = put(pattern(200, n), image_facts("1." + std::to_string(n)));
    REQUIRE(again.ok());
    REQUIRE_FALSE(again->repeated);
  }
  files.failing_read = 0;
  CHECK(asked("SELECT count(*) FROM item WHERE state=4") == images);
  // Of all but the last nobody knows any more what they are copies of.
  tamper("UPDATE item SET sop_key=0 WHERE state=1 AND seq<(SELECT max(seq) FROM item WHERE state=1)");
  turns(6);
  CHECK(asked("SELECT count(*) FROM item WHERE state=4") == images - 1);
  CHECK(count().waiting == images);
}

TEST_CASE_FIXTURE(RepeatsFixture, "an_image_sent_again_is_not_answered_as_a_repeat_of_a_damaged_copy" * doctest::description("contract 1, 6")) {
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  queue->drain();
  damage_first();
  const auto again = put(bytes, image_facts("1.1"));
  REQUIRE(again.ok());
  CHECK_FALSE(again->repeated);
  check_one_sound_copy_is_carried();
  CHECK(count().waiting == 1);
}

TEST_CASE_FIXTURE(RepeatsFixture, "a_receipt_for_what_came_again_under_its_own_id_is_for_the_sound_copy" * doctest::description("contract 3")) {
  const Uuid id = make_uuid7(clock.wall(), system_random());
  REQUIRE(put(bytes, image_facts("1.1"), named(id)).ok());
  queue->drain();
  damage_first();
  REQUIRE(put(bytes, image_facts("1.1"), named(id)).ok());
  auto items = lease();
  REQUIRE(items.size() == 1);
  CHECK(items[0].item.id == id);
  deliver(items[0]);
  CHECK(lease().empty());
  CHECK(count().waiting == 0);
}

TEST_CASE_FIXTURE(RepeatsFixture, "a_duplicate_takes_the_place_of_a_copy_that_does_not_verify" * doctest::description("contract 2")) {
  put_twice();
  damage_first();
  SUBCASE("found when it is sent") {
    send_in_vain(1);
  }
  SUBCASE("found when the duplicate would go") {}
  turns();
  check_one_sound_copy_is_carried();
  CHECK(count().waiting == 1);
  CHECK(count().on_hold == 0);
}

TEST_CASE_FIXTURE(RepeatsFixture, "a_duplicate_under_the_same_id_goes_without_taking_the_item_along" * doctest::description("contract 2")) {
  const Uuid id = make_uuid7(clock.wall(), system_random());
  put_twice(named(id), named(id));
  turns();
  check_one_sound_copy_is_carried();
  restart(true);
  check_one_sound_copy_is_carried();
}

TEST_CASE_FIXTURE(RepeatsFixture, "other_content_under_the_same_id_is_kept_beside_the_first" * doctest::description("contract 6")) {
  const Uuid id = make_uuid7(clock.wall(), system_random());
  REQUIRE(put(bytes, image_facts("1.1"), named(id)).ok());
  queue->drain();
  REQUIRE(put(pattern(10'000, 2), image_facts("1.2"), named(id)).ok());
  turns();
  CHECK(count().waiting == 1);
  CHECK(count().on_hold == 1);
}

TEST_CASE_FIXTURE(RepeatsFixture, "an_item_quarantined_here_is_taken_again_under_its_own_id" * doctest::description("contract 2")) {
  const Uuid id = make_uuid7(clock.wall(), system_random());
  REQUIRE(put(bytes, image_facts("1.1"), named(id)).ok());
  damage_first();
  auto items = lease();
  Bytes room(10'000);
  CHECK_FALSE(items.at(0).payload->read(0, room).ok());
  give_back(items);
  queue->drain();
  REQUIRE(put(bytes, image_facts("1.1"), named(id)).ok());
  turns();
  check_one_sound_copy_is_carried();
}

TEST_CASE_FIXTURE(RepeatsFixture, "an_image_that_came_again_takes_the_place_of_the_damaged_one_and_waits_for_no_person" * doctest::description("contract 2, 6")) {
  destinations = {"lead", "copy"};
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  for (unsigned n = 2; n <= 3; ++n) REQUIRE(put(pattern(10'000, n), image_facts("1." + std::to_string(n))).ok());
  for (const auto& one : lease(1000, "copy")) deliver(one, core::Level::accepted, "copy");
  damage_first();
  SUBCASE("found when it is sent") {
    send_in_vain(3);
    CHECK(count().on_hold == 1);
  }
  SUBCASE("found when it comes again") {}
  CHECK_FALSE(put(bytes, image_facts("1.1"))->repeated);
  for (unsigned n = 2; n <= 3; ++n) CHECK(put(pattern(10'000, n), image_facts("1." + std::to_string(n)))->repeated);
  const auto look = [&] {
    CHECK(count().on_hold == 0);
    CHECK(count().waiting == 3);
    CHECK(lease().size() == 3);
    const auto found = queue->lookup().find("1.2.3", 2);
    REQUIRE(found.size() == 1);
    const auto exam = queue->lookup().exam(found[0].exam);
    REQUIRE(exam);
    CHECK(exam->items == 3);
    CHECK(exam->bytes == 30'000);
    CHECK(queue->lookup().unsettled(found[0].exam).size() == (count("copy").waiting > 0 ? 2 : 1));
    for (const auto& one : exam->deliveries) CHECK(one.waiting + one.on_hold + one.rejected + one.delivered == 3);
  };
  look();
  CHECK(count("copy").delivered == 3);
  asks_for_nothing();
  restart();
  look();
  asks_for_nothing();
  // Of a record that does not verify nobody knows what was said of it: that goes once more.
  restart(true);
  look();
  CHECK(count("copy").delivered == 2);
  asks_for_nothing();
}

TEST_CASE_FIXTURE(RepeatsFixture, "what_took_the_place_of_a_damaged_image_and_is_damaged_itself_is_asked_for_again" * doctest::description("contract 2, 9")) {
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  restart();
  damage_first();
  REQUIRE_FALSE(put(bytes, image_facts("1.1"))->repeated);
  queue->drain();
  asks_for_nothing();
  overwrite(segments().at(1), 4096 + 1000, {1, 2, 3, 4, 5, 6, 7, 8});
  SUBCASE("found when it is sent") {
    send_in_vain(1);
    CHECK(count().on_hold == 1);
    CHECK(queue->summary().quarantined == 1);
    CHECK(queue->lookup().quarantined(5).size() == 1);
  }
  SUBCASE("found by a start without the ledger") {
    restart(true);
    CHECK(queue->summary().quarantined == 2);  // of both: neither is here
  }
  CHECK_FALSE(put(bytes, image_facts("1.1"))->repeated);
  queue->drain();
  asks_for_nothing();
  check_one_sound_copy_is_carried();
  CHECK(count().on_hold == 0);
  restart(true);
  asks_for_nothing();
  check_one_sound_copy_is_carried();
}

TEST_CASE_FIXTURE(RepeatsFixture, "a_damaged_image_is_not_taken_for_replaced_by_the_copy_of_another_of_its_name" * doctest::description("contract 6, 9")) {
  same_content = [](const core::Consignment& a, const core::Consignment& b) { return a.item.size == b.item.size; };
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  queue->drain();
  REQUIRE(put(pattern(10'000, 2), image_facts("1.1")).ok());  // the same data set in other bytes
  queue->drain();
  CHECK(queue->summary().duplicates == 1);
  bool alone = false;
  SUBCASE("alone it takes the place") { alone = true; }
  SUBCASE("beside another it may be of that one") {}
  if (alone) {
    damage_first();
    auto items = lease();
    Bytes room(10'000);
    CHECK_FALSE(items.at(0).payload->read(0, room).ok());
    give_back(items);
    queue->drain();
    asks_for_nothing();
    CHECK(content(lease().at(0)) == pattern(10'000, 2));
    return;
  }
  compare = [this](const core::Consignment& a, const core::Consignment& b) {
    if (a.item.size == b.item.size) return queue::Likeness::same;
    overwrite(segments().at(0), 4096 + 2 * 12288 + 1000, {1, 2, 3, 4, 5, 6, 7, 8});
    Bytes room(a.item.size);
    CHECK_FALSE(a.payload->read(0, room).ok());
    return queue::Likeness::other;
  };
  CHECK(asked("SELECT count(*) FROM item WHERE state=4") == 1);
  REQUIRE(put(pattern(9'000, 3), image_facts("1.1")).ok());
  for (int round = 0; round < 3; ++round) queue->drain();
  CHECK(queue->summary().quarantined == 1);
  CHECK(queue->lookup().quarantined(5).size() == 1);
  CHECK(content(lease().at(0)) == bytes);
}

TEST_CASE_FIXTURE(RepeatsFixture, "nothing_is_remembered_of_a_damaged_copy_that_was_replaced_once_its_segment_is_gone" * doctest::description("contract 10")) {
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  REQUIRE(put(pattern(10'000, 2), image_facts("1.2")).ok());
  restart();
  damage_first();
  REQUIRE_FALSE(put(bytes, image_facts("1.1"))->repeated);
  const auto items = lease();
  CHECK(items.size() == 2);
  CHECK(asked("SELECT count(*) FROM item WHERE state=6") == 1);
  for (const auto& one : items) deliver(one);
  const std::string damaged = segments().at(0);
  restart();
  turns();
  CHECK_FALSE(std::filesystem::exists(damaged));
  CHECK(asked("SELECT count(*) FROM item WHERE state=6") == 0);
  CHECK(asked("SELECT items FROM item_tally WHERE state=6") == 0);
  asks_for_nothing();
  restart(true);
  asks_for_nothing();
}

TEST_CASE_FIXTURE(RepeatsFixture, "damage_that_a_start_found_is_shown_until_the_same_image_comes_again" * doctest::description("contract 9")) {
  for (unsigned n = 1; n <= 3; ++n) REQUIRE(put(pattern(10'000, n), image_facts("1." + std::to_string(n))).ok());
  queue->drain();
  SUBCASE("in the middle") { damage_first(); }
  SUBCASE("and the one behind it as well, so that nobody knows what is missing") {
    damage_first();
    overwrite(segments().at(0), 4096 + 12288 + 1000, {1, 2, 3, 4, 5, 6, 7, 8});
    restart(true);
    CHECK(queue->summary().quarantined == 1);
    for (unsigned n = 1; n <= 2; ++n) CHECK_FALSE(put(pattern(10'000, n), image_facts("1." + std::to_string(n)))->repeated);
    CHECK(lease().size() == 3);
    CHECK(queue->summary().quarantined == 1);
    return;
  }
  restart(true);
  CHECK(lease().size() == 2);
  CHECK(queue->summary().quarantined == 1);
  CHECK(*queue->counts().undelivered({}) == 3);
  REQUIRE(put(pattern(10'000, 1), image_facts("1.4")).ok());
  queue->drain();
  CHECK(queue->summary().quarantined == 1);  // those bytes under another name are another image
  CHECK_FALSE(put(bytes, image_facts("1.1"))->repeated);
  CHECK(count().waiting == 4);
  asks_for_nothing();
  CHECK(*queue->counts().undelivered({}) == 4);
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    CHECK(lease().size() == 4);
    asks_for_nothing();
  }
  restart();
  for (const auto& one : lease()) deliver(one);  // and once what came again was let go
  for (const bool without_ledger : {false, true}) {
    turns();
    restart(without_ledger);
    asks_for_nothing();
    CHECK(*queue->counts().undelivered({}) == 0);
  }
}

TEST_CASE_FIXTURE(RepeatsFixture, "what_an_earlier_version_left_as_damaged_and_came_again_is_asked_for_no_more") {
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  REQUIRE(put(pattern(10'000, 2), image_facts("1.2")).ok());
  queue->drain();
  damage_first();
  CHECK_FALSE(put(bytes, image_facts("1.1"))->repeated);
  queue->drain();
  stop();
  tamper("UPDATE item SET state=3 WHERE state=6; DROP INDEX item_label; ALTER TABLE item DROP COLUMN label_key; DROP INDEX quarantine_sop; ALTER TABLE quarantine DROP COLUMN sop_key; "
         "ALTER TABLE quarantine DROP COLUMN received_ms; ALTER TABLE quarantine DROP COLUMN priority; ALTER TABLE quarantine DROP COLUMN owed; ALTER TABLE quarantine DROP COLUMN sha256; PRAGMA user_version=7");
  start();
  CHECK(lease().size() == 2);
  asks_for_nothing();
}

TEST_CASE_FIXTURE(RepeatsFixture, "other_content_that_came_twice_does_not_take_the_place_of_a_damaged_image_and_leave" * doctest::description("contract 2, 6")) {
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  queue->drain();
  const Bytes other = pattern(10'000, 2);
  auto a = queue->open({}), b = queue->open({});  // two senders at once
  for (auto* one : {&a, &b}) REQUIRE((**one)->append(other).ok());
  tamper("CREATE TRIGGER injected BEFORE INSERT ON item BEGIN SELECT RAISE(ROLLBACK, 'not yet'); END");
  for (auto* one : {&a, &b}) REQUIRE_FALSE((**one)->commit(image_facts("1.1"))->repeated);
  tamper("DROP TRIGGER injected");
  queue->drain();
  REQUIRE(count().waiting == 1);
  REQUIRE(count().on_hold == 1);
  damage_first();
  SUBCASE("found when it is sent") {
    send_in_vain(1);
  }
  SUBCASE("found when the duplicate would go") {}
  turns();
  CHECK(lease().empty());
  CHECK(count().waiting == 0);
  CHECK(count().on_hold == 2);
  CHECK(queue->summary().quarantined == 1);
}

TEST_CASE_FIXTURE(RepeatsFixture, "a_disk_that_does_not_read_just_now_makes_no_copy_a_damaged_one" * doctest::description("contract 2")) {
  put_twice();
  files.unreadable_to = 8192;
  turns();
  REQUIRE_FALSE(put(bytes, image_facts("1.1"))->repeated);
  files.unreadable_to = 0;
  CHECK(queue->summary().quarantined == 0);
  turns();
  check_one_sound_copy_is_carried();
  CHECK(queue->summary().quarantined == 0);
}

TEST_CASE_FIXTURE(RepeatsFixture, "a_reader_that_comes_late_to_a_reclaimed_item_alarms_nobody" * doctest::description("contract 4")) {
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  REQUIRE(put(pattern(10'000, 2), image_facts("1.2")).ok());
  restart();
  auto items = lease();
  REQUIRE(items.size() == 2);
  deliver(items[0]);
  turns();
  Bytes room(10'000);
  CHECK_FALSE(items[0].payload->read(0, room).ok());
  queue->drain();
  CHECK(queue->summary().quarantined == 0);
}

TEST_CASE_FIXTURE(RepeatsFixture, "a_length_that_is_wrong_in_the_ledger_reaches_no_neighbour" * doctest::description("contract 2")) {
  REQUIRE(put(bytes, image_facts("1.1")).ok());
  REQUIRE(put(pattern(10'000, 2), image_facts("1.2")).ok());
  restart();
  auto items = lease();
  tamper("UPDATE item SET record_bytes=record_bytes*2");
  deliver(items.at(0));
  turns();
  CHECK(content(items.at(1)) == pattern(10'000, 2));
}
