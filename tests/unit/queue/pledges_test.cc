// SPDX-License-Identifier: Apache-2.0
// What modalities asked this node to promise: that it outlives everything, and what is here of it.
#include "queue/pledges.h"

#include "core/limits.h"
#include "core/nodes.h"
#include "fixture.h"

using namespace sampan;
using namespace sampan::test;
using Where = queue::PledgedInstance::Where;
namespace limits = core::limits;

namespace {

const std::string ct = "1.2.840.10008.5.1.4.1.1.2";

struct PledgeFixture : QueueFixture {
  core::PromiseRequest request(const std::vector<std::string>& uids, const std::string& transaction = "2.25.1") {
    core::PromiseRequest asked{transaction, "CT1", "SAMPAN", "192.0.2.7", {}};
    for (const auto& uid : uids) asked.instances.push_back({ct, uid});
    return asked;
  }
  std::vector<queue::Pledge> due() {
    queue->drain();
    return queue->pledges().due(10).pledges;
  }
  Where where(std::size_t at = 0, const std::string& transaction = "2.25.1") {
    queue->drain();
    const auto standing = queue->pledges().standing(transaction);
    REQUIRE(standing);
    return standing->instances.at(at).where;
  }
  void pass(Millis time) { clock.wall_ms += time.count(); }
};

}  // namespace

TEST_CASE_FIXTURE(PledgeFixture, "a_request_outlives_restarts_and_the_ledger_until_it_was_told" * doctest::description("contract 1")) {
  std::vector<std::string> uids;
  for (int i = 0; i < 100; ++i) uids.push_back("1." + std::to_string(i));
  REQUIRE(queue->pledges().keep(request(uids)).ok());
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    pass(limits::promise_call_pause);
    REQUIRE(due().size() == 1);
    CHECK(due()[0].calling_ae == "CT1");
    CHECK(due()[0].called_ae == "SAMPAN");
    CHECK(due()[0].peer_address == "192.0.2.7");
    const auto standing = queue->pledges().standing("2.25.1");
    REQUIRE(standing);
    REQUIRE(standing->instances.size() == 100);
    for (int i = 0; i < 100; ++i) CHECK(standing->instances[static_cast<std::size_t>(i)].reference == core::InstanceReference{ct, uids[static_cast<std::size_t>(i)]});
  }
  CHECK(queue->pledges().summary().open == 1);
  queue->pledges().answered("2.25.1");
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    CHECK(queue->pledges().summary().open == 0);
    CHECK_FALSE(queue->pledges().standing("2.25.1"));
  }
}

TEST_CASE_FIXTURE(PledgeFixture, "a_request_is_answered_only_when_its_notes_are_synced_and_one_that_is_not_whole_does_not_count") {
  REQUIRE(queue->pledges().keep(request({"1.1"})).ok());
  const int before = files.syncs;
  REQUIRE(queue->pledges().keep(request({"1.1"}, "2.25.2")).ok());
  CHECK(files.syncs > before);
  // The power went before `asked`: what there is of it says nothing.
  queue->drain();
  tamper("UPDATE promise SET instances=0 WHERE uid='2.25.2'");
  pass(limits::promise_call_pause);
  CHECK(due().size() == 1);
  CHECK_FALSE(queue->pledges().standing("2.25.2"));
}

TEST_CASE_FIXTURE(PledgeFixture, "asked_for_again_it_is_the_same_request_and_another_one_under_its_name_is_refused") {
  REQUIRE(queue->pledges().keep(request({"1.1", "1.2"})).ok());
  CHECK(queue->pledges().keep(request({"1.1", "1.2"})).ok());
  CHECK(queue->pledges().summary().open == 1);
  const auto other = queue->pledges().keep(request({"1.1", "1.3"}));
  REQUIRE_FALSE(other.ok());
  CHECK(other.error().code == Errc::refused);
  queue->drain();
  CHECK(queue->pledges().standing("2.25.1")->instances.size() == 2);
}

TEST_CASE_FIXTURE(PledgeFixture, "what_is_left_of_an_attempt_that_did_not_end_is_no_part_of_the_next_one") {
  REQUIRE(queue->pledges().keep(request({"1.1", "1.2"})).ok());
  queue->drain();
  tamper("UPDATE promise SET instances=0");  // the power went before `asked`
  REQUIRE(queue->pledges().keep(request({"1.1", "1.2"})).ok());
  queue->drain();
  CHECK(queue->pledges().standing("2.25.1")->instances.size() == 2);
  CHECK(queue->pledges().keep(request({"1.1", "1.2"})).ok());
}

TEST_CASE_FIXTURE(PledgeFixture, "requests_are_bounded" * doctest::description("contract 10")) {
  const auto too_long = queue->pledges().keep(request(std::vector<std::string>(limits::promised_instances_max + 1, "1.1")));
  REQUIRE_FALSE(too_long.ok());
  CHECK(too_long.error().code == Errc::limit);
  queue->drain();
  for (std::size_t i = 0; i < limits::promises_open_max; ++i)
    tamper(("INSERT INTO promise VALUES(NULL,'3." + std::to_string(i) + "',1,1,'','','',0,0,'',0)").c_str());
  const auto too_many = queue->pledges().keep(request({"1.1"}));
  REQUIRE_FALSE(too_many.ok());
  CHECK(too_many.error().code == Errc::limit);
}

TEST_CASE_FIXTURE(PledgeFixture, "a_request_is_kept_while_the_disk_takes_no_images") {
  files.free_bytes_max = 1u << 20;
  CHECK_FALSE(queue->admits(core::Kind::image).ok());
  CHECK(queue->pledges().keep(request({"1.1"})).ok());
}

TEST_CASE_FIXTURE(PledgeFixture, "what_is_here_what_went_by_proof_and_what_never_came_are_told_apart" * doctest::description("contract 4")) {
  REQUIRE(queue->pledges().keep(request({"1.1", "1.2", "1.3"})).ok());
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  REQUIRE(put(pattern(1000, 2), image_facts("1.2")).ok());
  deliver(lease().at(1));
  turns(2);
  CHECK(where(0) == Where::here);
  CHECK(where(1) == Where::let_go);
  CHECK(where(2) == Where::nowhere);
  CHECK(queue->pledges().standing("2.25.1")->instances[0].sop_class_uid == ct);
  const auto deliveries = queue->pledges().standing("2.25.1")->instances[0].deliveries;
  REQUIRE(deliveries.size() == 1);
  CHECK(deliveries[0].state == core::DeliveryState::waiting);
  restart(true);  // its record is punched out; the tombstone knows
  CHECK(where(0) == Where::here);
  CHECK(where(1) == Where::let_go);
  CHECK(where(2) == Where::nowhere);
}

TEST_CASE_FIXTURE(PledgeFixture, "of_what_went_from_here_only_a_proof_of_the_last_day_counts" * doctest::description("contract 4")) {
  destinations = {"lead", "copy"};
  REQUIRE(queue->pledges().keep(request({"1.1"})).ok());
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  for (const auto& name : destinations) deliver(lease(1, name).at(0), core::Level::archived, name);
  turns(2);
  const auto proven = [&] {
    queue->drain();
    const auto one = queue->pledges().standing("2.25.1")->instances.at(0);
    REQUIRE(one.where == Where::let_go);
    return static_cast<std::size_t>(std::ranges::count_if(one.deliveries, [](const auto& delivery) {
      return delivery.state == core::DeliveryState::delivered && delivery.level == core::Level::archived;
    }));
  };
  CHECK(proven() == 2);
  constexpr std::int64_t day = 24 * 3'600'000;
  const auto wall = clock.wall_ms.load();
  clock.mono_ms += day - 60'000, clock.wall_ms += day - 60'000;
  CHECK(proven() == 2);
  SUBCASE("it grows old") { clock.mono_ms += 120'000, clock.wall_ms += 120'000; }
  SUBCASE("it grows old while the node is off") { clock.wall_ms += 120'000; }
  SUBCASE("a clock that was set makes it no younger") {
    clock.mono_ms += 120'000;
    clock.wall_ms = wall;
  }
  SUBCASE("a clock that was set to before it came says nothing") { clock.wall_ms = wall - day; }
  SUBCASE("only its tombstone is left") {
    restart();
    turns(2);
    restart(true);
  }
  CHECK(proven() == 0);
}

TEST_CASE_FIXTURE(PledgeFixture, "by_whose_word_it_stands_or_went_is_known_and_what_a_node_only_accepted_or_nobody_rests_on_nothing" * doctest::description("contract 4")) {
  enough = core::Level::accepted;
  REQUIRE(queue->pledges().keep(request({"1.1", "1.2", "1.3"})).ok());
  for (unsigned i = 1; i <= 3; ++i) REQUIRE(put(pattern(1000, i), image_facts("1." + std::to_string(i))).ok());
  const auto items = lease();
  const auto take = [&](std::size_t at, const std::string& node, core::Level level) {
    queue->deliver("lead", {items.at(at).item.id, items.at(at).item.sha256, node, clock.wall(), level});
  };
  take(0, "HUB@192.0.2.1:104" + std::string(core::node_mark), core::Level::accepted);
  take(1, "PACS@192.0.2.2:104", core::Level::archived);
  const auto said_by = [&](std::size_t at) {
    const auto standing = queue->pledges().standing("2.25.1");
    REQUIRE(standing);
    REQUIRE(standing->instances.at(at).deliveries.size() == 1);
    return standing->instances[at].deliveries[0];
  };
  for (const Where expected : {Where::here, Where::let_go}) {
    queue->drain();
    CHECK(where(0) == expected);
    CHECK(where(1) == expected);
    CHECK(said_by(0).by_node);
    CHECK_FALSE(said_by(1).by_node);
    CHECK(said_by(0).level == core::Level::accepted);
    CHECK(said_by(1).level == core::Level::archived);
    for (const std::size_t at : {0u, 1u}) CHECK(said_by(at).state == core::DeliveryState::delivered);
    const auto standing = queue->pledges().standing("2.25.1");
    CHECK_FALSE(standing->instances[0].rested);
    CHECK(standing->instances[1].rested == (expected == Where::let_go));
    turns(2);
  }
  CHECK(where(2) == Where::here);
  tamper("UPDATE item SET state=2 WHERE state=1");  // as a person gave it up
  CHECK(where(2) == Where::let_go);
  CHECK_FALSE(queue->pledges().standing("2.25.1")->instances[2].rested);
}

TEST_CASE_FIXTURE(PledgeFixture, "of_what_only_a_tombstone_is_left_nobody_says_by_whose_word_it_went" * doctest::description("contract 4")) {
  REQUIRE(queue->pledges().keep(request({"1.1"})).ok());
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  deliver(lease().at(0));
  turns(2);
  REQUIRE(where(0) == Where::let_go);
  CHECK(queue->pledges().standing("2.25.1")->instances[0].rested);
  restart();
  turns(2);
  restart(true);
  REQUIRE(where(0) == Where::let_go);
  CHECK_FALSE(queue->pledges().standing("2.25.1")->instances[0].rested);
}

TEST_CASE_FIXTURE(PledgeFixture, "two_images_of_one_uid_that_differ_are_no_custody_of_either_and_the_same_bytes_twice_are" * doctest::description("contract 6")) {
  REQUIRE(queue->pledges().keep(request({"1.1", "1.2"})).ok());
  for (unsigned seed : {1u, 2u}) REQUIRE(put(pattern(1000, seed), image_facts("1.1")).ok());
  for (int i = 0; i < 2; ++i) REQUIRE(put(pattern(1000, 3), image_facts("1.2")).ok());
  CHECK(where(0) == Where::differing);
  CHECK(where(1) == Where::here);
}

TEST_CASE_FIXTURE(PledgeFixture, "what_does_not_verify_any_more_is_no_custody") {
  REQUIRE(queue->pledges().keep(request({"1.1"})).ok());
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  queue->drain();
  tamper("UPDATE item SET state=3");
  CHECK(where() == Where::damaged);
}

TEST_CASE_FIXTURE(PledgeFixture, "what_could_not_be_told_is_told_later_or_at_once_where_the_way_to_the_modality_changed") {
  REQUIRE(queue->pledges().keep(request({"1.1"})).ok());
  CHECK(due().empty());
  CHECK(queue->pledges().due(10).due_in == Millis(limits::promise_call_pause));
  pass(limits::promise_call_pause);
  REQUIRE(due().size() == 1);
  queue->pledges().tell_later("2.25.1", 3, std::chrono::minutes(7), "connection refused");
  CHECK(due().empty());
  CHECK(queue->pledges().summary().untold == 1);
  CHECK(queue->pledges().summary().said == "connection refused");
  restart();
  CHECK(due().empty());
  pass(std::chrono::minutes(7));
  REQUIRE(due().size() == 1);
  const queue::Pledge again = due()[0];
  CHECK(again.attempts == 3);
  CHECK(again.said == "connection refused");
  CHECK(again.transaction_uid + again.calling_ae + again.called_ae + again.peer_address == "2.25.1CT1SAMPAN192.0.2.7");
  queue->pledges().tell_later("2.25.1", 4, limits::promise_back_off_most, "connection refused");
  pass(std::chrono::hours(24 * 365 * -10));  // a clock that jumped back years keeps nobody waiting
  CHECK(due().size() == 1);
  queue->pledges().tell_later("2.25.1", 4, limits::promise_back_off_most, "connection refused");
  CHECK(due().empty());
  queue->pledges().tell_all_now();
  CHECK(due().size() == 1);
  queue->pledges().give_up("2.25.1");
  restart(true);
  CHECK(queue->pledges().summary().open == 0);
}

TEST_CASE_FIXTURE(PledgeFixture, "how_long_a_request_is_open_is_running_time_whatever_the_clock_is_set_to" * doctest::description("contract 7")) {
  clock.wall_ms = 5'000;  // 1970
  REQUIRE(queue->pledges().keep(request({"1.1"})).ok());
  queue->drain();
  const auto open_for = [&] { return queue->pledges().standing("2.25.1")->pledge.asked_for; };
  clock.wall_ms = 1'800'000'000'000;
  CHECK(open_for() == Millis(0));
  CHECK(due().at(0).asked_for == Millis(0));
  CHECK(queue->pledges().summary().oldest == Millis(0));
  clock.mono_ms += 7000;
  queue->tick();
  restart();
  clock.mono_ms += 2000;
  clock.wall_ms = 5'000;
  CHECK(open_for() == Millis(9000));
  CHECK(queue->pledges().summary().oldest == Millis(9000));
  restart(true);  // the ledger alone knew
  CHECK(open_for() == Millis(0));
}

TEST_CASE_FIXTURE(PledgeFixture, "a_request_of_an_earlier_version_begins_its_time_anew") {
  REQUIRE(queue->pledges().keep(request({"1.1"})).ok());
  clock.mono_ms += 7000;
  queue->tick();
  queue->drain();
  stop();
  tamper("ALTER TABLE promise DROP COLUMN asked_run_ms; DROP INDEX item_label; ALTER TABLE item DROP COLUMN label_key; DROP INDEX quarantine_sop; ALTER TABLE quarantine DROP COLUMN sop_key; "
         "ALTER TABLE quarantine DROP COLUMN received_ms; ALTER TABLE quarantine DROP COLUMN priority; ALTER TABLE quarantine DROP COLUMN owed; ALTER TABLE quarantine DROP COLUMN sha256; PRAGMA user_version=6");
  start();
  queue->drain();
  CHECK(queue->pledges().standing("2.25.1")->pledge.asked_for <= Millis(7000));
  clock.mono_ms += 1000;
  CHECK(queue->pledges().standing("2.25.1")->pledge.asked_for == Millis(1000));
}
