// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"

using namespace sampan;
using namespace sampan::test;

TEST_SUITE_BEGIN("queue");

TEST_CASE_FIXTURE(QueueFixture, "lends_what_was_committed_byte_for_byte_with_its_facts") {
  for (const std::size_t size : {0u, 1u, 65535u, 65536u, 65537u, 500'000u, 1'048'576u, 1'048'577u, 5'000'001u}) {
    CAPTURE(size);
    const Bytes bytes = pattern(size, static_cast<unsigned>(size));
    const auto facts = image_facts("1.2.3." + std::to_string(size));
    REQUIRE(put(bytes, facts).ok());
    auto items = lease();
    REQUIRE(items.size() == 1);
    CHECK(content(items[0]) == bytes);
    CHECK(items[0].item.facts == facts);
    CHECK(items[0].item.sha256 == sha256(bytes));
    CHECK(items[0].item.size == size);
    CHECK(items[0].item.origin == "test");
    deliver(items[0]);
  }
  CHECK(count().delivered == 9);
}

TEST_CASE_FIXTURE(QueueFixture, "finds_every_acknowledged_item_again_with_the_ledger_deleted" * doctest::description("contract 1, 9")) {
  std::map<std::string, Bytes> sent;
  for (unsigned i = 0; i < 40; ++i) {
    const std::string sop = "1.2." + std::to_string(i);
    sent[sop] = pattern(i % 7 == 0 ? 2'000'000 : 1000 * i, i);
    REQUIRE(put(sent[sop], image_facts(sop)).ok());
  }
  restart(true);
  CHECK(queue->summary().rebuilt_items == 40);
  auto items = lease();
  CHECK(items.size() == 40);
  for (const auto& one : items) CHECK(content(one) == sent[std::string(one.item.facts.get(core::Fact::sop_instance_uid))]);
}

TEST_CASE_FIXTURE(QueueFixture, "knows_after_a_restart_what_the_ledger_had_not_indexed" * doctest::description("contract 1")) {
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  queue->drain();
  std::filesystem::create_directory(at("old"));
  stop();
  std::filesystem::copy(at("ledger.db"), at("old/ledger.db"));
  start();
  REQUIRE(put(pattern(1000, 2), image_facts("1.2")).ok());
  stop();
  lose_ledger();
  std::filesystem::copy(at("old/ledger.db"), at("ledger.db"));
  start();
  CHECK(lease().size() == 2);
}

TEST_CASE_FIXTURE(QueueFixture, "syncs_the_record_and_the_directory_before_it_acknowledges" * doctest::description("contract 1")) {
  const int before = files.syncs;
  const int directories = files.directory_syncs;
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  CHECK(files.syncs >= before + 1);
  CHECK(files.directory_syncs >= directories + 1);
}

TEST_CASE_FIXTURE(QueueFixture, "a_failed_sync_refuses_the_item_and_retires_the_segment" * doctest::description("contract 1")) {
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  files.sync_fails = true;
  CHECK(put(pattern(1000, 2), image_facts("1.2")).error().code == Errc::io);
  files.sync_fails = false;
  const auto before = segments().size();
  REQUIRE(put(pattern(1000, 3), image_facts("1.3")).ok());
  CHECK(segments().size() == before + 1);
  auto items = lease();
  REQUIRE(items.size() == 2);
  CHECK(items[0].item.facts.get(core::Fact::sop_instance_uid) == "1.1");
  CHECK(items[1].item.facts.get(core::Fact::sop_instance_uid) == "1.3");
}

TEST_CASE_FIXTURE(QueueFixture, "refuses_new_images_when_the_disk_is_full_but_keeps_events" * doctest::description("contract 2")) {
  files.full = true;
  CHECK(queue->admits(core::Kind::image).error().code == Errc::full);
  CHECK(queue->admits(core::Kind::event).ok());
  files.full = false;
  CHECK(queue->admits(core::Kind::image).ok());
}

TEST_CASE_FIXTURE(QueueFixture, "an_aborted_item_leaves_nothing") {
  for (const std::size_t size : {1000u, 3'000'000u}) {
    auto inflow = queue->open({});
    REQUIRE(inflow.ok());
    REQUIRE((*inflow)->append(pattern(size, 1)).ok());
  }
  CHECK(segments().empty());
  CHECK(lease().empty());
}

TEST_CASE_FIXTURE(QueueFixture, "the_same_instance_again_is_stored_once" * doctest::description("contract 6")) {
  const Bytes bytes = pattern(5000, 1);
  const auto first = put(bytes, image_facts("1.1"));
  REQUIRE(first.ok());
  queue->drain();
  const auto second = put(bytes, image_facts("1.1"));
  REQUIRE(second.ok());
  CHECK(second->repeated);
  CHECK(second->id == first->id);
  CHECK(lease().size() == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "the_same_instance_twice_at_once_is_carried_once_also_after_a_rebuild" * doctest::description("contract 6")) {
  const Bytes bytes = pattern(5000, 1);
  auto a = queue->open({}), b = queue->open({});
  REQUIRE((*a)->append(bytes).ok());
  REQUIRE((*b)->append(bytes).ok());
  REQUIRE((*a)->commit(image_facts("1.1")).ok());
  REQUIRE((*b)->commit(image_facts("1.1")).ok());
  CHECK(lease().size() == 1);
  a->reset(), b->reset();
  restart(true);
  CHECK(lease().size() == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "other_bytes_under_one_uid_are_kept_beside_the_first_and_held" * doctest::description("contract 6")) {
  REQUIRE(put(pattern(5000, 1), image_facts("1.1")).ok());
  queue->drain();
  REQUIRE(put(pattern(5000, 2), image_facts("1.1")).ok());
  CHECK(count().waiting == 1);
  CHECK(count().on_hold == 1);
  restart(true);
  CHECK(count().waiting == 1);
  CHECK(count().on_hold == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "the_same_data_set_in_another_encoding_is_the_same_instance" * doctest::description("contract 6")) {
  const Bytes first = pattern(5000, 1), second = pattern(6000, 2);
  same_content = [&](const core::Consignment& a, const core::Consignment& b) { return content(a) == second && content(b) == first; };
  REQUIRE(put(first, image_facts("1.1")).ok());
  queue->drain();
  REQUIRE(put(second, image_facts("1.1")).ok());
  auto items = lease();
  REQUIRE(items.size() == 1);
  CHECK(content(items[0]) == first);
  CHECK(count().on_hold == 0);
  restart(true);
  CHECK(count().on_hold == 0);
  CHECK(count().waiting == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "a_leased_item_is_not_lent_twice_and_comes_back_when_put_back") {
  REQUIRE(put(pattern(10, 1), image_facts("1.1")).ok());
  auto items = lease();
  REQUIRE(items.size() == 1);
  CHECK(lease().empty());
  queue->put_back("lead", items[0].item.id, "no line", Millis(0), false);
  CHECK(lease().size() == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "in_flight_work_is_a_lease_in_memory_and_waits_again_after_a_restart" * doctest::description("contract 9")) {
  REQUIRE(put(pattern(10, 1), image_facts("1.1")).ok());
  REQUIRE(lease().size() == 1);
  restart();
  CHECK(lease().size() == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "an_item_that_is_to_wait_is_not_lent_before_its_time_and_a_jumped_clock_does_not_strand_it" *
                                    doctest::description("contract 7")) {
  REQUIRE(put(pattern(10, 1), image_facts("1.1")).ok());
  auto items = lease();
  queue->put_back("lead", items[0].item.id, "0xC000", Millis(60'000), true);
  CHECK(lease().empty());
  queue::LeaseQuery query;
  query.destination = "lead";
  CHECK(queue->lease(query).due_in == Millis(60'000));
  SUBCASE("the time comes") { clock.wall_ms += 60'000; }
  SUBCASE("the clock goes back ten years") { clock.wall_ms -= 315'360'000'000; }
  SUBCASE("the clock goes ahead ten years") { clock.wall_ms += 315'360'000'000; }
  items = lease();
  REQUIRE(items.size() == 1);
  CHECK(items[0].attempts == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "what_is_put_back_for_a_while_through_no_fault_of_its_own_was_not_tried_once_more") {
  REQUIRE(put(pattern(10, 1), image_facts("1.1")).ok());
  for (unsigned tries = 0; const bool counted : {false, true, false, false}) {
    const auto items = lease();
    REQUIRE(items.size() == 1);
    CHECK(items[0].attempts == tries);
    queue->put_back("lead", items[0].item.id, "it goes elsewhere first", Millis(60'000), counted);
    queue->drain();
    clock.wall_ms += 60'000;
    tries += counted ? 1 : 0;
  }
  CHECK(lease().at(0).attempts == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "receipts_survive_the_ledger" * doctest::description("contract 3, 9")) {
  enough = core::Level::archived;
  for (unsigned i = 0; i < 10; ++i) REQUIRE(put(pattern(100, i), image_facts("1." + std::to_string(i))).ok());
  auto items = lease();
  REQUIRE(items.size() == 10);
  for (unsigned i = 0; i < 6; ++i) deliver(items[i], core::Level::accepted);
  queue->reject("lead", items[6].item.id, "0xA900 the data set does not match its class");
  restart(true);
  CHECK(count().delivered == 6);
  CHECK(count().rejected == 1);
  CHECK(lease().size() == 3);
}

TEST_CASE_FIXTURE(QueueFixture, "a_receipt_for_other_bytes_is_not_believed" * doctest::description("contract 3")) {
  REQUIRE(put(pattern(100, 1), image_facts("1.1")).ok());
  auto items = lease();
  queue->deliver("lead", {items[0].item.id, sha256(as_bytes("other")), "PACS", clock.wall(), core::Level::archived});
  CHECK(count().delivered == 0);
  CHECK(count().waiting == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "images_that_come_close_together_are_indexed_together") {
  constexpr int images = 100;
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < images; ++i) REQUIRE(put(pattern(100, 1), image_facts("1." + std::to_string(i))).ok());
  queue->drain();
  const auto took = std::chrono::steady_clock::now() - begun;
  CHECK(count().waiting == images);
  CHECK(words <= took / std::chrono::milliseconds(20) + 3);  // the first, the hurried last, and one every 20 ms
}

TEST_CASE_FIXTURE(QueueFixture, "each_destination_has_its_own_delivery" * doctest::description("contract 8")) {
  destinations = {"lead", "cloud"};
  REQUIRE(put(pattern(100, 1), image_facts("1.1")).ok());
  auto items = lease();
  deliver(items[0]);
  CHECK(count("lead").delivered == 1);
  CHECK(count("cloud").waiting == 1);
  queue->tick();
  CHECK(lease(10, "cloud").size() == 1);
}

TEST_CASE_FIXTURE(QueueFixture, "studies_arrive_whole_and_emergencies_go_first") {
  core::Manifest emergency;
  emergency.priority = core::Priority::emergency;
  for (const char* at : {"1.A", "1.B", "2.A", "1.C", "2.B"})
    REQUIRE(put(pattern(10, static_cast<unsigned>(at[0] * at[2])), image_facts(at, std::string(1, at[2]))).ok());
  REQUIRE(put(pattern(10, 99), image_facts("9.9", "E"), emergency).ok());
  std::string order;
  for (const auto& one : lease()) order += std::string(one.item.facts.get(core::Fact::sop_instance_uid)) + " ";
  CHECK(order == "9.9 1.A 2.A 1.B 2.B 1.C ");
}

TEST_CASE_FIXTURE(QueueFixture, "blocked_classes_are_passed_over_and_can_be_asked_for_alone") {
  REQUIRE(put(pattern(10, 1), image_facts("1.1")).ok());
  auto other = image_facts("1.2");
  other.set(core::Fact::sop_class_uid, "1.2.840.10008.5.1.4.1.1.4");
  REQUIRE(put(pattern(10, 2), other).ok());
  queue->drain();
  queue::LeaseQuery query;
  query.destination = "lead";
  query.items_max = 10;
  query.skip_classes = {{"1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.1.2.1"}};
  auto items = queue->lease(query).items;
  REQUIRE(items.size() == 1);
  CHECK(items[0].item.facts.get(core::Fact::sop_instance_uid) == "1.1");
  query.skip_classes.clear();
  query.only_class = queue::LeaseQuery::Class{"1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.1.2.1"};
  items = queue->lease(query).items;
  REQUIRE(items.size() == 1);
  CHECK(items[0].item.facts.get(core::Fact::sop_instance_uid) == "1.2");
}

TEST_CASE_FIXTURE(QueueFixture, "single_items_can_be_asked_for_and_passed_over") {
  for (const char* sop : {"1.1", "1.2", "1.3"}) REQUIRE(put(pattern(10, static_cast<unsigned>(sop[2])), image_facts(sop)).ok());
  auto all = lease();
  REQUIRE(all.size() == 3);
  const Uuid second = all[1].item.id;
  give_back(all);
  queue::LeaseQuery query;
  query.destination = "lead";
  query.items_max = 10;
  query.only_items = {second};
  auto asked = queue->lease(query).items;
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].item.id == second);
  CHECK(queue->lease(query).items.empty());
  give_back(asked);
  query.only_items.clear();
  query.skip_items = {second};
  CHECK(queue->lease(query).items.size() == 2);
}

TEST_CASE_FIXTURE(QueueFixture, "no_patient_name_stands_in_the_state_directory" * doctest::description("contract 11")) {
  REQUIRE(put(as_bytes("CANARY^PATIENT in the data set"), image_facts("1.1")).ok());
  queue->drain();
  stop();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(home.path())) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string all((std::istreambuf_iterator<char>(in)), {});
    CHECK_MESSAGE(all.find("CANARY") == std::string::npos, entry.path());
  }
}
