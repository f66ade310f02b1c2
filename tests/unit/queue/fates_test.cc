// SPDX-License-Identifier: Apache-2.0
#include "queue/fates.h"

#include <doctest/doctest.h>

using namespace sampan;
using namespace sampan::queue;
using Names = std::set<std::string>;

namespace {

core::Item image() {
  core::Item item;
  item.id.bytes.fill(7);
  item.sha256.fill(1);
  return item;
}

ReceiptNote receipt(const core::Item& item, const std::string& destination) {
  ReceiptNote note;
  note.receipt.item = item.id;
  note.receipt.sha256 = item.sha256;
  note.destination = destination;
  return note;
}

}  // namespace

TEST_CASE("an_item_is_owed_to_whom_its_record_says_until_there_is_a_receipt_for_its_bytes" * doctest::description("contract 3")) {
  const core::Item item = image();
  core::Item other = item;
  other.sha256.fill(2);
  Fates fates;
  fates.take(receipt(other, "lead"));
  Fate fate = fates.of(item, Owed{{"lead", "archive"}});
  CHECK(fate.owed_to == Names{"lead", "archive"});
  CHECK(fate.undelivered());
  fates.take(receipt(item, "lead"));
  fates.take(receipt(item, "stranger"));  // that says nothing of whom it is owed to
  fate = fates.of(item, Owed{{"lead", "archive"}});
  CHECK(fate.delivered_to == Names{"lead"});
  CHECK(fate.owed_to == Names{"archive"});
  fates.owe(item.id, "later");
  CHECK(fates.of(item, Owed{{"lead"}}).owed_to == Names{"later"});
  CHECK(fates.of(item, Owed{{""}}).owed_to == Names{"later"});  // its record says: to nobody
}

TEST_CASE("that_another_content_under_its_name_went_before_is_known_by_its_tombstone" * doctest::description("contract 6")) {
  const core::Item item = image();
  Fates fates;
  TombstoneNote stone{Uuid{}, item.sha256, 77, TombstoneReason::reclaimed, {}};
  fates.take(stone);
  CHECK_FALSE(fates.of(item, Owed{}, 77).differs_from_gone);
  stone.sha256.fill(9);
  stone.why = TombstoneReason::duplicate;
  fates.take(stone);
  CHECK_FALSE(fates.of(item, Owed{}, 77).differs_from_gone);
  stone.why = TombstoneReason::reclaimed;
  fates.take(stone);
  CHECK(fates.of(item, Owed{}, 77).differs_from_gone);
  CHECK_FALSE(fates.of(item, Owed{}, 78).differs_from_gone);
}

TEST_CASE("of_an_item_whose_record_says_nothing_the_notes_tell_to_whom_it_went" * doctest::description("contract 3")) {
  const core::Item item = image();
  Fates fates;
  CHECK(fates.of(item, std::nullopt).undelivered());
  fates.take(receipt(item, "lead"));
  const Fate fate = fates.of(item, std::nullopt);
  CHECK(fate.delivered_to == Names{"lead"});
  CHECK(fate.owed_to.empty());
  CHECK_FALSE(fate.undelivered());
}

TEST_CASE("only_the_content_that_a_tombstone_names_is_gone" * doctest::description("contract 2")) {
  const core::Item item = image();
  core::Item other = item;
  other.sha256.fill(2);
  Fates fates;
  CHECK_FALSE(fates.is_gone(item));
  TombstoneNote stone;
  stone.item = item.id;
  stone.sha256 = item.sha256;
  fates.take(stone);
  CHECK(fates.is_gone(item));
  CHECK(fates.is_gone(item.id));
  CHECK_FALSE(fates.is_gone(other));
}

TEST_CASE("the_place_of_a_tombstone_goes_on_behind_it_and_says_nothing_alone" * doctest::description("contract 6")) {
  const core::Item item = image();
  TombstoneNote stone{item.id, item.sha256, 77, TombstoneReason::reclaimed, {5}, 42};
  Bytes with, without;
  encode(Note(stone), with);
  stone.place = 0;
  encode(Note(stone), without);
  REQUIRE(with.size() == 2 * without.size());
  CHECK(std::equal(without.begin(), without.end(), with.begin()));  // as every version reads it
  Bytes two = with;
  two.insert(two.end(), without.begin(), without.end());
  const auto notes = decode_notes(Type::tombstones, two);
  REQUIRE(notes.size() == 2);
  CHECK(std::get<TombstoneNote>(notes[0]).place == 42);
  CHECK(std::get<TombstoneNote>(notes[0]).sop_key == 77);
  CHECK(std::get<TombstoneNote>(notes[1]).place == 0);
  CHECK(decode_notes(Type::tombstones, ByteView(with).subspan(without.size())).empty());
  CHECK(decode_notes(Type::tombstones, ByteView(with).first(with.size() - 1)).size() == 1);
}

TEST_CASE("what_is_released_is_owed_to_that_destination_no_more_and_what_is_kept_not_before_somebody_else_is_owed_it" * doctest::description("contract 2")) {
  const core::Item item = image();
  Fates fates;
  fates.take(ReleaseNote{item.id, {}, "old", false});
  CHECK(fates.of(item, Owed{{"old", "lead"}}).owed_to == Names{"lead"});
  fates.take(ReleaseNote{item.id, {}, "lead", true});
  CHECK(fates.of(item, Owed{{"old", "lead"}}).owed_to == Names{"lead"});  // or nobody would know that it is undelivered
  fates.take(DutyNote{item.id, {}, {"next"}});
  CHECK(fates.of(item, Owed{{"old", "lead"}}).owed_to == Names{"next"});
  fates.take(DutyNote{item.id, {}, {"old"}});  // which came back
  CHECK(fates.of(item, Owed{{"old", "lead"}}).owed_to == Names{"next", "old"});
}

TEST_CASE("what_is_kept_for_nobody_is_undelivered_also_where_the_duty_that_ended_is_written_down_no_more" * doctest::description("contract 2")) {
  const core::Item item = image();
  Fates fates;
  fates.take(receipt(item, "copy"));
  fates.take(DutyNote{item.id, {}, {"copy"}});
  CHECK_FALSE(fates.of(item, Owed{std::vector<std::string>{}}).undelivered());
  SUBCASE("with the name of who was released") { fates.take(ReleaseNote{item.id, {}, "old", true}); }
  SUBCASE("without") { fates.take(ReleaseNote{item.id, {}, "", true}); }
  CHECK(fates.of(item, Owed{std::vector<std::string>{}}).owed_to == Names{""});
  CHECK(fates.of(item, Owed{std::vector<std::string>{}}).undelivered());
  fates.take(DutyNote{item.id, {}, {"lead"}});
  CHECK(fates.of(item, Owed{std::vector<std::string>{}}).owed_to == Names{"lead"});
}

TEST_CASE("what_was_said_before_a_release_is_of_a_delivery_that_ended" * doctest::description("contract 2, 3")) {
  const core::Item item = image();
  const Owed owed{{"old"}};
  Fates fates;
  SUBCASE("that it has it") { fates.take(receipt(item, "old")); }
  SUBCASE("that it does not take it") { fates.take(VerdictNote{item.id, core::DeliveryState::rejected, {}, "old", "no such patient"}); }
  SUBCASE("nothing") {}
  fates.take(ReleaseNote{item.id, {}, "old", true});
  CHECK(fates.of(item, owed).undelivered());  // it is kept, whoever had accepted it
  fates.take(DutyNote{item.id, {}, {"old"}});
  CHECK(fates.of(item, owed).owed_to == Names{"old"});
  CHECK(fates.of(item, owed).delivered_to.empty());
  CHECK(fates.of(item, owed).refused_by.empty());
  fates.take(receipt(item, "old"));
  CHECK(fates.of(item, owed).delivered_to == Names{"old"});
  CHECK_FALSE(fates.of(item, owed).undelivered());
}

TEST_CASE("a_duty_that_names_nobody_and_only_raises_the_class_is_somebody_for_nothing_that_is_kept" * doctest::description("contract 2")) {
  const core::Item item = image();
  Fates fates;
  fates.take(receipt(item, "copy"));
  fates.take(ReleaseNote{item.id, {}, "old", true});
  fates.take(DutyNote{item.id, {}, {}, core::Priority::emergency});
  CHECK(fates.of(item, Owed{{"copy"}}).owed_to == Names{""});
  CHECK(fates.of(item, Owed{{"copy", "old"}}).undelivered());
}
