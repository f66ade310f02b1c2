// SPDX-License-Identifier: Apache-2.0
// Images whose command names another SOP Instance UID than their data set: the latter is their name, the former a label.
#include "core/limits.h"
#include "fixture.h"
#include "queue/lookup.h"
#include "queue/orders.h"
#include "queue/orphan.h"
#include "queue/pledges.h"
#include "queue/unproven.h"

using namespace sampan;
using namespace sampan::test;
using Where = queue::PledgedInstance::Where;

TEST_SUITE_BEGIN("names" * doctest::description("contract 4, 6"));

namespace {

core::Facts facts_as(const std::string& commanded, const std::string& name) {
  auto facts = image_facts(commanded);
  if (commanded != name) facts.set(core::Fact::data_sop_instance_uid, name);
  return facts;
}

struct NamesFixture : QueueFixture {
  core::Stored store(unsigned content, const std::string& commanded, const std::string& name) {
    const auto stored = put(pattern(2000, content), facts_as(commanded, name));
    REQUIRE(stored.ok());
    queue->drain();
    return *stored;
  }
  // In the ledger, and on the disk.
  Where where(const std::string& uid) {
    static int number = 0;
    const std::string transaction = "2.25." + std::to_string(++number);
    REQUIRE(queue->pledges().keep({transaction, "CT1", "SAMPAN", "192.0.2.7", {{"1.2.840.10008.5.1.4.1.1.2", uid}}}).ok());
    queue->drain();
    const auto standing = queue->pledges().standing(transaction);
    REQUIRE(standing);
    return standing->instances.at(0).where;
  }
  std::size_t asked_about() {
    clock.wall_ms += Millis(core::limits::proof_wait_most).count();
    queue->drain();
    const auto items = queue->unproven().due("lead", 100).items;
    queue->unproven().done(items);
    queue->drain();
    return items.size();
  }
  std::size_t named(const std::string& uid) {
    const auto transaction = queue->unproven().begin("lead");
    REQUIRE(transaction.ok());
    return queue->unproven().named_in(*transaction, {uid})->items.size();
  }
  // Version 8: each by the name of its command.
  void make_earlier() {
    stop();
    tamper("UPDATE item SET sop_key=label_key WHERE label_key<>0; DROP INDEX item_label; ALTER TABLE item DROP COLUMN label_key; "
           "ALTER TABLE quarantine DROP COLUMN received_ms; ALTER TABLE quarantine DROP COLUMN priority; ALTER TABLE quarantine DROP COLUMN owed; PRAGMA user_version=8");
    start();
    queue->drain();
    REQUIRE(std::filesystem::exists(at("ledger.db")));
    for (const auto& entry : std::filesystem::directory_iterator(home.path()))
      CHECK(entry.path().filename().string().find(".damaged-") == std::string::npos);
  }
};

}  // namespace

TEST_CASE_FIXTURE(NamesFixture, "of_two_images_of_one_name_the_second_is_held_whatever_their_commands_said") {
  std::pair<std::string, std::string> commanded;
  SUBCASE("the first has two names") { commanded = {"1.6", "1.5"}; }
  SUBCASE("the second has two names") { commanded = {"1.5", "1.6"}; }
  SUBCASE("both have") { commanded = {"1.8", "1.9"}; }
  store(1, commanded.first, "1.5");
  store(2, commanded.second, "1.5");
  for (const bool without_ledger : {false, true}) {
    CHECK(count().waiting == 1);
    REQUIRE(count().on_hold == 1);
    CHECK(count().on_hold_reasons.at(0).reason == "same SOP Instance UID as an earlier image, other content");
    restart(without_ledger);
  }
  CHECK(count().on_hold == 1);
}

TEST_CASE_FIXTURE(NamesFixture, "an_image_of_another_name_is_another_image_under_whatever_command") {
  store(1, "1.6", "1.5");
  store(2, "1.6", "1.7");
  store(3, "1.6", "1.6");
  CHECK(count().waiting == 3);
  CHECK(where("1.6") == Where::differing);  // whoever asks may mean any of them
  CHECK(where("1.7") == Where::here);
}

TEST_CASE_FIXTURE(NamesFixture, "an_image_that_is_gone_still_has_its_name") {
  store(1, "1.6", "1.5");
  deliver(lease().at(0));
  turns();
  SUBCASE("known by the ledger") {}
  SUBCASE("known by its tombstone") {
    restart();
    turns();
    restart(true);
  }
  REQUIRE(queue->summary().items == 0);
  store(2, "1.5", "1.5");
  CHECK(count().on_hold == 1);
  CHECK(count().waiting == 0);
}

TEST_CASE_FIXTURE(NamesFixture, "a_tombstone_of_an_earlier_version_names_the_command_of_what_is_gone" * doctest::description("contract 6, 9")) {
  store(1, "1.6", "1.5");
  tamper("UPDATE item SET sop_key=label_key, label_key=0");
  deliver(lease().at(0));
  turns();
  restart();  // its record is gone from the disk as well
  turns();
  SUBCASE("of an image that comes now") {
    restart(true);
    store(2, "1.6", "1.5");
  }
  SUBCASE("of one that is here") {
    store(2, "1.6", "1.5");
    restart(true);
  }
  REQUIRE(queue->summary().items == 1);
  CHECK(count().on_hold == 1);
}

TEST_CASE_FIXTURE(NamesFixture, "neither_of_two_images_of_one_name_is_proven_by_it") {
  store(1, "1.6", "1.5");
  deliver(lease().at(0), core::Level::accepted);
  CHECK(asked_about() == 1);
  CHECK(named("1.5") == 1);
  CHECK(named("1.6") == 0);
  restart();
  CHECK(named("1.5") == 1);  // also before it is asked about
  const Uuid second = store(2, "1.9", "1.5").id;
  CHECK(asked_about() == 0);
  CHECK(named("1.5") == 0);
  CHECK(queue->lookup().is_contested(second));
}

TEST_CASE_FIXTURE(NamesFixture, "a_modality_and_a_person_find_an_image_by_either_name") {
  const Uuid id = store(1, "1.6", "1.5").id;
  for (const bool without_ledger : {false, true}) {
    for (const char* uid : {"1.5", "1.6"}) {
      CHECK(where(uid) == Where::here);
      REQUIRE(queue->lookup().find(uid, 5).size() == 1);
      CHECK(queue->lookup().find(uid, 5)[0].item == id);
    }
    CHECK(where("1.7") == Where::nowhere);
    restart(without_ledger);
  }
  SUBCASE("until another one has its name") {
    store(2, "1.5", "1.5");
    for (const char* uid : {"1.5", "1.6"}) CHECK(where(uid) == Where::differing);
  }
  SUBCASE("also where another one does not make up for its damage") {
    store(2, "1.5", "1.5");
    overwrite(segments().at(0), 4096 + 500, {1, 2, 3, 4, 5, 6, 7, 8});
    for (const auto& one : lease()) {
      Bytes room(100);
      CHECK_FALSE(one.payload->read(0, room).ok());
    }
    queue->drain();
    REQUIRE(queue->summary().quarantined == 1);
    for (const char* uid : {"1.5", "1.6"}) CHECK(where(uid) != Where::here);
  }
  SUBCASE("and once it is gone") {
    deliver(lease().at(0));
    turns();
    for (const char* uid : {"1.5", "1.6"}) CHECK(where(uid) == Where::let_go);
  }
}

TEST_CASE_FIXTURE(NamesFixture, "the_same_image_under_another_command_is_kept_once_and_found_by_that_one_too") {
  store(1, "1.6", "1.5");
  CHECK(store(1, "1.6", "1.5").repeated);
  CHECK(store(1, "1.5", "1.5").repeated);
  CHECK(where("1.7") == Where::nowhere);
  CHECK_FALSE(store(1, "1.7", "1.5").repeated);
  CHECK(count().waiting == 1);
  CHECK(count().on_hold == 0);
  for (const char* uid : {"1.5", "1.6", "1.7"}) CHECK(where(uid) == Where::here);
  turns();
  CHECK(queue->summary().items == 1);
  for (const char* uid : {"1.5", "1.6", "1.7"}) CHECK(where(uid) == Where::here);
}

TEST_CASE_FIXTURE(NamesFixture, "a_ledger_of_an_earlier_version_learns_the_names" * doctest::description("contract 4, 6, 9")) {
  SUBCASE("of what is proven by it") {
    store(1, "1.6", "1.5");
    store(2, "1.7", "1.7");
    for (const auto& one : lease()) deliver(one, core::Level::accepted);
    make_earlier();
    CHECK(named("1.5") == 1);
    CHECK(named("1.7") == 1);
    CHECK(where("1.6") == Where::here);
    store(3, "1.5", "1.5");
    CHECK(count().on_hold == 1);
  }
  SUBCASE("and holds what it did not hold") {
    store(1, "1.6", "1.5");
    tamper("UPDATE item SET sop_key=label_key WHERE label_key<>0");  // as it was taken then
    store(2, "1.5", "1.5");
    REQUIRE(count().waiting == 2);
    make_earlier();
    CHECK(count().waiting == 1);
    REQUIRE(count().on_hold == 1);
    CHECK(count().on_hold_reasons.at(0).reason == "same SOP Instance UID as an earlier image, other content");
  }
}

TEST_CASE_FIXTURE(NamesFixture, "a_rescue_goes_by_the_names_as_well" * doctest::description("contract 2, 6")) {
  store(1, "1.6", "1.5");
  deliver(lease().at(0));
  turns();
  store(2, "1.8", "1.5");
  store(2, "1.9", "1.5");  // the same once more
  store(3, "1.7", "1.7");
  stop();
  lose_ledger();
  auto orphan = queue::Orphan::open(files, queue::KeySources{home.path().string()});
  REQUIRE(orphan.ok());
  std::map<std::string, bool> differs;
  std::size_t images = 0;
  orphan->each([&](core::Consignment one, const queue::Fate& fate, std::uint64_t) {
    differs[std::string(one.item.facts.get(core::Fact::sop_instance_uid))] = fate.differs_from_gone;
    return ++images, true;
  });
  CHECK(images == 2);
  CHECK(differs == std::map<std::string, bool>{{"1.7", false}, {"1.8", true}});
}
