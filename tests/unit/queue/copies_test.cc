// SPDX-License-Identifier: Apache-2.0
// The same image sent again to an address with another route, or for emergencies: success means that it goes there as well.
#include "fixture.h"
#include "queue/dropping.h"
#include "queue/ledger_schema.h"
#include "queue/lookup.h"
#include "queue/orders.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("copies" * doctest::description("contract 1, 2, 6"));

namespace {

core::Manifest in_class(core::Priority priority) {
  core::Manifest manifest;
  manifest.priority = priority;
  return manifest;
}

struct CopiesFixture : QueueFixture {
  const Bytes bytes = pattern(10'000, 1);
  const std::vector<std::string> lead{"lead"}, both{"lead", "archive"};

  core::Stored send(const std::vector<std::string>& to, core::Priority priority = core::Priority::routine, unsigned seed = 1) {
    destinations = to;
    const auto stored = put(seed == 1 ? bytes : pattern(10'000, seed), image_facts("1." + std::to_string(seed)), in_class(priority));
    REQUIRE(stored.ok());
    return *stored;
  }
  core::Stored sent(const std::vector<std::string>& to, core::Priority priority = core::Priority::routine, unsigned seed = 1) {
    const auto stored = send(to, priority, seed);
    queue->drain();
    return stored;
  }
  // At once: the ledger knows none of it when the last is answered.
  void send_at_once(const std::vector<std::vector<std::string>>& addresses, const std::vector<core::Priority>& classes) {
    std::vector<std::unique_ptr<core::Inflow>> inflows;
    for (const auto one : classes) {
      auto opened = queue->open(in_class(one));
      REQUIRE(opened.ok());
      REQUIRE((*opened)->append(bytes).ok());
      inflows.push_back(std::move(*opened));
    }
    block_ledger();
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      destinations = addresses[i];
      REQUIRE_FALSE(inflows[i]->commit(image_facts("1.1"))->repeated);
    }
    free_ledger();
    queue->drain();
  }
  void block_ledger() { tamper("CREATE TRIGGER injected BEFORE INSERT ON item BEGIN SELECT RAISE(ROLLBACK, 'not yet'); END"); }
  void free_ledger() { tamper("DROP TRIGGER injected"); }
  void does_not_read_the_second() {
    files.unreadable_from = 4096 + 12288;
    files.unreadable_to = 4096 + 2 * 12288;
  }
  std::uint64_t spool_bytes() {
    std::uint64_t bytes_in_all = 0;
    for (const char stream : {'i', 'n'})
      for (const auto& path : segments(stream)) bytes_in_all += std::filesystem::file_size(path);
    return bytes_in_all;
  }
  core::Priority priority_at(const std::string& destination) {
    const auto items = lease(10, destination);
    REQUIRE(items.size() == 1);
    CHECK(content(items[0]) == bytes);
    queue->put_back(destination, items[0].item.id, "test", Millis(0), false);
    return items[0].item.priority;
  }
  void is_owed_once(const std::vector<std::string>& to) {
    for (const auto& destination : to) CHECK_MESSAGE(count(destination).waiting == 1, destination);
  }
  // As it is, after a start, after one without the ledger, and once the copies are gone and the ledger is lost again.
  template <class Check>
  void however_it_starts(Check check) {
    check();
    restart();
    check();
    restart(true);
    check();
    turns();
    CHECK(asked("SELECT count(*) FROM item WHERE state=4") == 0);
    restart(true);
    check();
  }
};

}  // namespace

TEST_CASE_FIXTURE(CopiesFixture, "an_image_sent_again_to_an_address_with_another_route_goes_there_as_well") {
  const auto first = sent(lead);
  const auto again = sent(both);
  CHECK(again.repeated);
  CHECK(again.id == first.id);
  however_it_starts([&] { is_owed_once(both); });
  CHECK(queue->summary().items == 1);
  CHECK(queue->summary().duplicates == 0);  // it was answered as a repeat, and is counted by who counts those
}

TEST_CASE_FIXTURE(CopiesFixture, "an_image_goes_where_its_copy_was_owed_by_a_note_that_a_start_read_only_after_both" * doctest::description("contract 2, 4")) {
  sent({});
  const std::string first = segments().front();
  const Bytes sound = [&] {
    std::ifstream file(first, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(file), {});
  }();
  stop();
  overwrite(first, 6000, pattern(100, 7));  // its bytes
  lose_ledger();
  start();
  sent({});
  destinations = {"archive"};
  queue->route_again();
  is_owed_once({"archive"});
  destinations = {};
  stop();
  overwrite(first, 0, sound);  // the disk reads again
  const std::string notes = segments('n').at(0), aside = at("aside").string();
  std::filesystem::rename(notes, aside);
  std::ofstream(notes, std::ios::binary) << std::string(8192, 'x');  // and here it does not
  lose_ledger();
  start();
  CHECK(count("archive").waiting == 0);
  turns();  // nor does the copy go meanwhile
  stop();
  std::filesystem::rename(aside, notes);
  start();
  is_owed_once({"archive"});
  turns();
  restart(true);
  is_owed_once({"archive"});
  CHECK(queue->summary().items == 1);
}

TEST_CASE_FIXTURE(CopiesFixture, "an_image_sent_again_for_emergencies_travels_as_one_wherever_it_waits") {
  sent(both, core::Priority::bulk);
  CHECK(sent(both, core::Priority::emergency).repeated);
  however_it_starts([&] {
    for (const auto& destination : both) CHECK(priority_at(destination) == core::Priority::emergency);
  });
  const auto exam = queue->lookup().exam(queue->lookup().find("1.2.3", 1).at(0).exam);
  REQUIRE(exam.has_value());
  CHECK(exam->sample.priority == core::Priority::emergency);
}

TEST_CASE_FIXTURE(CopiesFixture, "the_class_of_a_copy_outlives_the_compaction_of_what_says_so" * doctest::description("contract 4")) {
  notes_slack_bytes = 0;
  restart();
  for (const unsigned seed : {1u, 2u, 3u}) {
    sent(lead, core::Priority::bulk, seed);
    sent(lead, core::Priority::emergency, seed);
    turns();
    restart();  // a note segment each
  }
  const std::string first = segments('n').at(0);
  for (int round = 0; round < 6 && std::filesystem::exists(first); ++round) {
    const auto exam = queue->lookup().find("1.2.3", 1).at(0);
    for (int again = 0; again < 4; ++again) REQUIRE((queue->orders().hold(exam, "").ok() && queue->orders().resume(exam, "").ok()));
    turns(), restart();
  }
  REQUIRE_FALSE(std::filesystem::exists(first));
  restart(true);
  const auto items = lease();
  REQUIRE(items.size() == 3);
  for (const auto& one : items) CHECK(one.item.priority == core::Priority::emergency);
}

TEST_CASE_FIXTURE(CopiesFixture, "a_round_that_could_not_hand_over_what_a_copy_owes_lets_no_image_go" * doctest::description("contract 2")) {
  const auto failures = std::make_shared<std::atomic<int>>(0);
  stop();
  files.before_sync = [this, failures] { files.sync_fails = *failures > 0 && (*failures)-- > 0; };
  start();
  sent(lead);
  deliver(lease().at(0), core::Level::accepted);
  does_not_read_the_second();
  sent(both);
  turns();
  files.unreadable_from = files.unreadable_to = 0;
  enough = core::Level::accepted;  // from now on it may go
  *failures = 1;                   // what is written next is what the copy owes
  turns(1);
  CHECK(*failures == 0);
  CHECK(count("archive").waiting == 0);
  CHECK(asked("SELECT count(*) FROM item WHERE state=1") == 1);
  turns();
  CHECK(asked("SELECT count(*) FROM item WHERE state=4") == 0);
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    CHECK(count("archive").waiting == 1);
    CHECK(count("lead").waiting == 0);
    CHECK(queue->summary().items == 1);
  }
}

TEST_CASE_FIXTURE(CopiesFixture, "a_repeat_that_is_owed_nothing_more_is_written_nowhere") {
  sent(both, core::Priority::referral);
  turns();
  const auto before = spool_bytes();
  for (const auto priority : {core::Priority::referral, core::Priority::routine, core::Priority::bulk})
    for (const auto& to : {lead, both, std::vector<std::string>{}}) CHECK(sent(to, priority).repeated);
  CHECK(spool_bytes() == before);
  sent(both, core::Priority::emergency);
  CHECK(spool_bytes() > before);
  turns();
  const auto raised = spool_bytes();
  CHECK(sent(both, core::Priority::emergency).repeated);
  CHECK(spool_bytes() == raised);
}

TEST_CASE_FIXTURE(CopiesFixture, "what_is_owed_since_it_came_again_is_not_owed_twice_once_it_was_delivered") {
  sent(lead);
  sent(both);
  const auto items = lease(10, "archive");
  REQUIRE(items.size() == 1);
  deliver(items[0], core::Level::archived, "archive");
  CHECK(sent(both).repeated);
  however_it_starts([&] {
    CHECK(lease(10, "archive").empty());
    CHECK(count("archive").delivered == 1);
    is_owed_once(lead);
  });
}

TEST_CASE_FIXTURE(CopiesFixture, "nothing_goes_before_all_it_was_sent_to_have_it" * doctest::description("contract 4")) {
  sent(lead);
  deliver(lease().at(0), core::Level::accepted);
  sent(both);
  enough = core::Level::accepted;
  turns();
  CHECK(queue->summary().items == 1);
  const auto items = lease(10, "archive");
  REQUIRE(items.size() == 1);
  CHECK(lease().empty());  // who has it is not given it again
  deliver(items[0], core::Level::accepted, "archive");
  turns();
  CHECK(queue->summary().items == 0);
  restart(true);  // the copy may be on the disk still: nothing of it was given up
  CHECK(asked("SELECT count(*) FROM delivery WHERE state=5 AND level=0") == 0);
  CHECK(queue->summary().items == 0);
}

TEST_CASE_FIXTURE(CopiesFixture, "what_matched_no_route_has_somebody_once_it_is_sent_to_an_address_with_one") {
  sent({});
  CHECK(count("").waiting == 1);
  sent(lead, core::Priority::emergency);
  however_it_starts([&] {
    CHECK(count("").waiting == 0);
    CHECK(priority_at("lead") == core::Priority::emergency);
  });
}

TEST_CASE_FIXTURE(CopiesFixture, "what_is_answered_survives_the_power_that_goes_before_the_ledger_knows_it" * doctest::description("contract 1")) {
  sent(lead);
  block_ledger();
  CHECK(send(both, core::Priority::emergency).repeated);
  stop();
  bool without_ledger = false;
  SUBCASE("with the ledger") { free_ledger(); }
  SUBCASE("without it") { without_ledger = true; }
  if (without_ledger) lose_ledger();
  destinations = lead;  // what the settings say now is not what they said
  start();
  queue->drain();
  however_it_starts([&] {
    for (const auto& destination : both) CHECK(priority_at(destination) == core::Priority::emergency);
  });
}

TEST_CASE_FIXTURE(CopiesFixture, "two_copies_received_at_once_owe_what_both_were_sent_for") {
  SUBCASE("the first to one, the second for emergencies to both") {
    send_at_once({lead, both}, {core::Priority::routine, core::Priority::emergency});
  }
  SUBCASE("each to another") {
    send_at_once({lead, {"archive"}}, {core::Priority::emergency, core::Priority::bulk});
  }
  SUBCASE("and a third one") {
    send_at_once({{}, lead, {"archive"}}, {core::Priority::bulk, core::Priority::emergency, core::Priority::routine});
  }
  however_it_starts([&] {
    is_owed_once(both);
    for (const auto& destination : both) CHECK(priority_at(destination) == core::Priority::emergency);
    CHECK(count("").waiting == 0);
  });
}

TEST_CASE_FIXTURE(CopiesFixture, "no_copy_goes_before_what_it_owes_is_noted") {
  sent(lead);
  deliver(lease().at(0), core::Level::accepted);
  block_ledger();
  send(both);
  SUBCASE("the disk takes no more") { files.full = true; }
  SUBCASE("the disk fails") { files.sync_fails = true; }
  SUBCASE("the disk does not read it") { does_not_read_the_second(); }
  free_ledger();
  CHECK(within(std::chrono::seconds(5), [&] { return asked("SELECT count(*) FROM item WHERE state=4") == 1; }));
  turns();
  CHECK(asked("SELECT count(*) FROM item WHERE state IN (1,4)") == 2);
  CHECK(count("archive").waiting == 0);
  files.full = files.sync_fails = false;
  files.unreadable_to = 0;
  queue->tick();
  CHECK(within(std::chrono::seconds(5), [&] { return count("archive").waiting == 1; }));
  turns();
  CHECK(asked("SELECT count(*) FROM item WHERE state=4") == 0);
  restart(true);
  CHECK(count("archive").waiting == 1);
  CHECK(lease().empty());
}

TEST_CASE_FIXTURE(CopiesFixture, "a_copy_of_what_is_being_compared_hands_over_what_it_owes_once_that_is_decided" * doctest::description("contract 6")) {
  queue::Likeness likeness = queue::Likeness::interrupted;
  compare = [&](const core::Consignment&, const core::Consignment&) { return likeness; };
  sent(lead);
  REQUIRE(put(pattern(8'000, 2), image_facts("1.1")).ok());
  queue->drain();
  destinations = both;
  REQUIRE(put(pattern(8'000, 2), image_facts("1.1"), in_class(core::Priority::emergency))->repeated);
  turns();
  CHECK(count("archive").waiting == 0);
  CHECK(asked("SELECT count(*) FROM item WHERE state IN (1,4)") == 3);
  bool same = false;
  SUBCASE("it is another image, and waits for a person") { likeness = queue::Likeness::other; }
  SUBCASE("it is the first one, encoded in another way") { likeness = queue::Likeness::same, same = true; }
  restart();
  restart();
  for (const int after : {0, 1, 2}) {
    if (after == 1) turns();
    if (after == 2) restart(true);
    CHECK(count("archive").waiting == (same ? 1 : 0));
    CHECK(count("archive").on_hold == (same ? 0 : 1));
    CHECK(count("lead").waiting == 1);
    CHECK(count("lead").on_hold == (same ? 0 : 1));
  }
}

TEST_CASE_FIXTURE(CopiesFixture, "the_same_data_set_in_other_bytes_goes_where_its_address_sends_it" * doctest::description("contract 6")) {
  same_content = [](const core::Consignment&, const core::Consignment&) { return true; };
  sent(lead, core::Priority::bulk);
  destinations = both;
  REQUIRE(put(pattern(8'000, 2), image_facts("1.1"), in_class(core::Priority::emergency)).ok());
  queue->drain();
  however_it_starts([&] {
    for (const auto& destination : both) CHECK(priority_at(destination) == core::Priority::emergency);
  });
}

TEST_CASE_FIXTURE(CopiesFixture, "a_copy_that_takes_the_place_of_a_damaged_one_is_owed_to_whom_both_were_sent") {
  SUBCASE("damaged before it comes again") {
    sent(lead, core::Priority::bulk);
    overwrite(segments().at(0), 4096 + 1000, {1, 2, 3, 4, 5, 6, 7, 8});
    CHECK_FALSE(sent({"archive"}, core::Priority::emergency).repeated);
  }
  SUBCASE("known as damaged before it comes again") {
    sent(lead, core::Priority::bulk);
    overwrite(segments().at(0), 4096 + 1000, {1, 2, 3, 4, 5, 6, 7, 8});
    auto items = lease();
    Bytes room(10'000);
    CHECK_FALSE(items.at(0).payload->read(0, room).ok());
    give_back(items);
    queue->drain();
    CHECK_FALSE(sent({"archive"}, core::Priority::emergency).repeated);
  }
  SUBCASE("damaged when others of it came and wait beside it") {
    sent(lead, core::Priority::bulk);
    sent({"archive"}, core::Priority::emergency);
    overwrite(segments().at(0), 4096 + 1000, {1, 2, 3, 4, 5, 6, 7, 8});
    turns();
    CHECK(asked("SELECT count(*) FROM item WHERE state=6") == 1);
  }
  SUBCASE("which had a note") {
    sent(lead, core::Priority::bulk);
    sent({"archive"}, core::Priority::bulk);
    turns();
    overwrite(segments().at(0), 4096 + 1000, {1, 2, 3, 4, 5, 6, 7, 8});
    CHECK_FALSE(sent({}, core::Priority::emergency).repeated);
  }
  for (const bool without_ledger : {false, false, true, true}) {
    is_owed_once(both);
    for (const auto& destination : both) CHECK(priority_at(destination) == core::Priority::emergency);
    restart(without_ledger);
  }
  is_owed_once(both);
}

TEST_CASE_FIXTURE(CopiesFixture, "what_a_person_ordered_of_an_exam_stands_when_its_images_come_again" * doctest::description("contract 7")) {
  sent(lead);
  const auto match = queue->lookup().find("1.2.3", 1).at(0);
  SUBCASE("held: for what it is owed now, too") {
    REQUIRE(queue->orders().hold(match, "").ok());
    sent(both, core::Priority::emergency);
    however_it_starts([&] {
      CHECK(count("lead").on_hold == 1);
      CHECK(count("archive").on_hold == 1);
    });
  }
  SUBCASE("held for one: the other gets it") {
    REQUIRE(queue->orders().hold(match, "lead").ok());
    sent(both);
    however_it_starts([&] {
      CHECK(count("lead").on_hold == 1);
      is_owed_once({"archive"});
    });
  }
  SUBCASE("its class") {
    REQUIRE(queue->orders().prioritise(match, core::Priority::bulk).ok());
    const auto before = spool_bytes();
    CHECK(sent(lead, core::Priority::emergency).repeated);
    CHECK(spool_bytes() == before);
    sent(both, core::Priority::emergency);
    however_it_starts([&] {
      for (const auto& destination : both) CHECK(priority_at(destination) == core::Priority::bulk);
    });
  }
}

TEST_CASE_FIXTURE(CopiesFixture, "a_repeat_leaves_what_was_refused_as_it_is_and_goes_to_whoever_is_new") {
  sent(lead);
  queue->reject("lead", lease().at(0).item.id, "not wanted");
  sent(both);
  however_it_starts([&] {
    CHECK(count("lead").rejected == 1);
    CHECK(count("lead").waiting == 0);
    is_owed_once({"archive"});
  });
}

TEST_CASE_FIXTURE(CopiesFixture, "what_a_person_ended_is_not_owed_again_for_a_copy_that_is_gone_and_found_once_more" * doctest::description("contract 9")) {
  sent(lead);
  sent(both);
  turns();
  CHECK(asked("SELECT count(*) FROM item WHERE state=4") == 0);
  REQUIRE(queue->dropping().drop({"archive", {"lead"}, false}).ok());
  for (const bool without_ledger : {false, true, true}) {
    restart(without_ledger);
    CHECK(count("archive").waiting == 0);
    is_owed_once(lead);
  }
}

TEST_CASE_FIXTURE(CopiesFixture, "a_copy_of_what_was_let_go_meanwhile_is_an_image_like_any_other") {
  sent(lead);
  deliver(lease().at(0), core::Level::accepted);
  block_ledger();
  send(both);
  does_not_read_the_second();
  enough = core::Level::accepted;
  free_ledger();
  CHECK(within(std::chrono::seconds(5), [&] { return asked("SELECT count(*) FROM item WHERE state=4") == 1; }));
  turns();
  CHECK(asked("SELECT count(*) FROM item WHERE state=1") == 0);
  files.unreadable_to = 0;
  turns();
  is_owed_once(both);
  CHECK(queue->summary().items == 1);
}

namespace {

// What is said of the first record stands in notes on it; then the ledger is lost, and the image comes again before it is read.
struct HeirFixture : CopiesFixture {
  void comes_again(const std::vector<std::string>& to, core::Priority priority = core::Priority::routine, const Bytes* other = nullptr) {
    turns();
    CHECK(asked("SELECT count(*) FROM item WHERE state=4") == 0);
    stop();
    lose_ledger();
    files.sync_fails = true;  // so that the start passes over what is there
    start();
    queue->drain();
    files.sync_fails = false;
    CHECK(asked("SELECT count(*) FROM item") == 0);
    destinations = to;
    const auto stored = put(other ? *other : bytes, image_facts("1.1"), in_class(priority));
    REQUIRE(stored.ok());
    REQUIRE_FALSE(stored->repeated);
    queue->drain();
    restart();
    destinations.clear();
  }
};

}  // namespace

TEST_CASE_FIXTURE(HeirFixture, "what_a_note_says_of_the_first_record_is_owed_of_the_one_that_is_read_before_it" * doctest::description("contract 1")) {
  SUBCASE("it was sent to a second address") {
    sent(lead, core::Priority::bulk);
    sent(both, core::Priority::emergency);
    comes_again(lead, core::Priority::bulk);
  }
  SUBCASE("a person pushed it, and it came for emergencies") {
    sent(lead, core::Priority::bulk);
    REQUIRE(queue->orders().owe(queue->lookup().find("1.2.3", 1).at(0), "archive").ok());
    sent(lead, core::Priority::emergency);
    comes_again(lead, core::Priority::bulk);
  }
  SUBCASE("it matched no route before") {
    sent({}, core::Priority::emergency);
    destinations = both;
    queue->route_again();
    comes_again({}, core::Priority::bulk);
  }
  however_it_starts([&] {
    is_owed_once(both);
    for (const auto& destination : both) CHECK(priority_at(destination) == core::Priority::emergency);
    CHECK(count("").waiting == 0);
  });
  CHECK(queue->summary().items == 1);
}

TEST_CASE_FIXTURE(HeirFixture, "what_a_person_ended_of_the_first_record_is_not_owed_of_the_one_that_is_read_before_it" * doctest::description("contract 9")) {
  bool given_back = false;
  sent(both);
  REQUIRE(queue->dropping().drop({"archive", {"lead"}, false}).ok());
  SUBCASE("and it is over") {}
  SUBCASE("and it was sent there once more") {
    given_back = true;
    sent(both);
    turns();
  }
  comes_again(lead);
  however_it_starts([&] {
    is_owed_once(lead);
    CHECK(count("archive").waiting == (given_back ? 1 : 0));
  });
}

TEST_CASE_FIXTURE(HeirFixture, "what_a_note_says_is_owed_of_the_same_data_set_in_other_bytes_as_well" * doctest::description("contract 6")) {
  same_content = [](const core::Consignment&, const core::Consignment&) { return true; };
  const Bytes other = pattern(8'000, 2);
  sent(lead);
  sent(both);
  comes_again(lead, core::Priority::routine, &other);
  however_it_starts([&] { is_owed_once(both); });
  CHECK(queue->summary().items == 1);
}
