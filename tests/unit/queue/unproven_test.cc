// SPDX-License-Identifier: Apache-2.0
// What was accepted and is to be proven: when it is asked about, and what an answer changes.
#include "queue/unproven.h"

#include "core/limits.h"
#include "core/nodes.h"
#include "fixture.h"
#include "queue/lookup.h"
#include "queue/orders.h"
#include "queue/taken_rows.h"

using namespace sampan;
using namespace sampan::test;
using queue::UnprovenItem;
namespace limits = core::limits;

namespace {

struct UnprovenFixture : QueueFixture {
  // Accepted images 1.1, 1.2, ...
  void accept(unsigned count) {
    for (unsigned i = 1; i <= count; ++i) REQUIRE(put(pattern(1000, i), image_facts("1." + std::to_string(i))).ok());
    for (const auto& one : lease()) deliver(one, core::Level::accepted);
  }
  void pass(Millis time) { clock.wall_ms += time.count(); }
  std::vector<UnprovenItem> due() {
    queue->drain();
    return take();
  }
  std::vector<UnprovenItem> take(const std::string& destination = "lead") {
    auto items = queue->unproven().due(destination, 100).items;
    done(items);
    return items;
  }
  queue::Unproven::Taken taken(queue::Unproven::Place after = {}) { return queue->unproven().taken_by("cloud", "lead", 10, after); }
  void done(const std::vector<UnprovenItem>& items) {
    queue->unproven().done(items);
    for (int round = 0; round < 2; ++round) queue->drain();
  }
  core::Receipt archived(const UnprovenItem& one) {
    return {one.item.id, one.item.sha256, "PACS", clock.wall(), core::Level::archived};
  }
};

std::string sop_of(const UnprovenItem& one) { return std::string(one.item.facts.get(core::Fact::sop_instance_uid)); }

}  // namespace

TEST_CASE_FIXTURE(UnprovenFixture, "what_was_accepted_is_asked_about_until_it_is_archived_and_only_then_reclaimed" * doctest::description("contract 4")) {
  accept(2);
  CHECK(due().empty());  // a moment first
  CHECK(queue->unproven().due("lead", 100).due_in == Millis(limits::proof_wait_least));
  pass(limits::proof_wait_least);
  const auto asked = due();
  REQUIRE(asked.size() == 2);
  CHECK(sop_of(asked[0]) == "1.1");
  CHECK(asked[0].item.facts.get(core::Fact::study_instance_uid) == "1.2.3");
  queue->tick();
  CHECK(queue->summary().items == 2);
  queue->unproven().archived(asked[0], archived(asked[0]));
  CHECK(due().size() == 1);
  CHECK(count().archived == 1);
  for (int round = 0; round < 2; ++round) {  // one goes on where the last one ended, the next one begins anew
    queue->tick();
    queue->drain();
  }
  CHECK(queue->summary().items == 1);
  restart(true);
  CHECK(count().archived == 1);
  CHECK(due().size() == 1);
}

TEST_CASE_FIXTURE(UnprovenFixture, "a_question_without_an_answer_is_due_again_later_also_after_a_restart") {
  accept(1);
  pass(limits::proof_wait_least);
  queue->unproven().ask_later(due().at(0), std::chrono::minutes(7));
  CHECK(due().empty());
  restart();
  CHECK(due().empty());
  pass(std::chrono::minutes(7));
  REQUIRE(due().size() == 1);
  CHECK(due()[0].asked == 1);
}

TEST_CASE_FIXTURE(UnprovenFixture, "a_clock_that_jumped_back_years_stops_no_question") {
  accept(1);
  pass(std::chrono::hours(24 * 365 * -10));
  CHECK(due().size() == 1);
}

TEST_CASE_FIXTURE(UnprovenFixture, "what_the_next_hop_lost_waits_again_after_a_pause_and_keeps_waiting_without_the_ledger") {
  accept(1);
  pass(limits::proof_wait_least);
  queue->unproven().send_again(due().at(0), "it is not there");
  CHECK(count().waiting == 1);
  CHECK(count().delivered == 0);
  CHECK(lease().empty());
  pass(limits::resend_pause);
  CHECK(lease().size() == 1);
  restart(true);
  CHECK(count().waiting == 1);
}

TEST_CASE_FIXTURE(UnprovenFixture, "a_report_is_known_by_its_transaction_and_names_only_what_that_destination_accepted") {
  destinations = {"lead", "cloud"};
  accept(2);
  REQUIRE(put(pattern(1000, 9), image_facts("1.9")).ok());  // not delivered
  const auto uid = queue->unproven().begin("lead");
  REQUIRE(uid.ok());
  CHECK(uid->starts_with("2.25."));
  CHECK(*queue->unproven().begin("lead") != *uid);
  const auto named = queue->unproven().named_in(*uid, {"1.1", "1.2", "1.9", "1.777"});
  REQUIRE(named);
  CHECK(named->destination == "lead");
  REQUIRE(named->items.size() == 2);
  CHECK(sop_of(named->items[0]) == "1.1");
  CHECK_FALSE(queue->unproven().named_in("2.25.1", {"1.1"}));
  restart();
  CHECK(queue->unproven().named_in(*uid, {"1.1"})->items.size() == 1);
  pass(std::chrono::hours(24 * 40));
  REQUIRE(queue->unproven().begin("lead").ok());
  queue->drain();
  CHECK_FALSE(queue->unproven().named_in(*uid, {"1.1"}));  // forgotten by now
}

TEST_CASE_FIXTURE(UnprovenFixture, "a_report_that_comes_a_month_late_is_known_over_a_restart_and_later_it_is_not" * doctest::description("contract 4")) {
  accept(1);
  const auto uid = queue->unproven().begin("lead");
  REQUIRE(uid.ok());
  restart();
  const auto forget = [this] {  // what is too old, as every request does
    REQUIRE(queue->unproven().begin("lead").ok());
    queue->drain();
  };
  pass(limits::commitment_kept - std::chrono::hours(1));
  forget();
  const auto named = queue->unproven().named_in(*uid, {"1.1"});
  REQUIRE(named);
  CHECK(named->items.size() == 1);
  pass(std::chrono::hours(2));
  forget();
  CHECK_FALSE(queue->unproven().named_in(*uid, {"1.1"}));
}

TEST_CASE_FIXTURE(UnprovenFixture, "a_report_of_what_was_asked_before_an_image_was_lost_and_sent_again_proves_nothing_of_it_now" * doctest::description("contract 3, 4")) {
  accept(2);
  const auto before = queue->unproven().begin("lead");
  REQUIRE(before.ok());
  pass(limits::proof_wait_least);
  const auto asked = due();
  REQUIRE(asked.size() == 2);
  queue->unproven().send_again(asked[0], "it is not there");
  queue->drain();
  pass(limits::resend_pause);
  for (const auto& one : lease()) deliver(one, core::Level::accepted);
  queue->drain();
  const std::string lost = sop_of(asked[0]), other = sop_of(asked[1]);
  const auto names = [this](const std::string& uid, const std::vector<std::string>& wanted) {
    const auto named = queue->unproven().named_in(uid, wanted);
    std::vector<std::string> all;
    for (const auto& one : named.value().items) all.push_back(sop_of(one));
    return all;
  };
  CHECK(names(*before, {lost, other}) == std::vector<std::string>{other});
  restart();
  CHECK(names(*before, {lost, other}) == std::vector<std::string>{other});
  const auto after = queue->unproven().begin("lead");
  REQUIRE(after.ok());
  CHECK(names(*after, {lost, other}) == std::vector<std::string>{lost, other});
  pass(std::chrono::hours(-1));  // the clock was ahead, and is set right
  CHECK(names(*queue->unproven().begin("lead"), {lost}) == std::vector<std::string>{lost});
}

TEST_CASE_FIXTURE(UnprovenFixture, "what_a_fallback_took_is_asked_of_the_fallback_and_its_proof_ends_the_duty" * doctest::description("contract 4")) {
  REQUIRE(put(pattern(100, 1), image_facts("1.1")).ok());
  const auto one = lease().at(0);
  queue->deliver("lead", {one.item.id, one.item.sha256, "via cloud: https://cloud", clock.wall(), core::Level::accepted});
  pass(std::chrono::hours(1));
  CHECK(due().empty());
  const auto asked = take("cloud");
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].owed_to == "lead");
  CHECK(queue->unproven().others("lead") == std::vector<std::string>{"cloud"});
  CHECK(taken().items.size() == 1);
  queue->unproven().archived(asked[0], {one.item.id, one.item.sha256, "https://cloud", clock.wall(), core::Level::archived});
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    CHECK(count().archived == 1);
    CHECK(count().waiting == 0);
    CHECK(taken().items.empty());
  }
  turns(2);
  CHECK(queue->summary().items == 0);
}

TEST_CASE_FIXTURE(UnprovenFixture, "what_others_took_is_looked_at_a_slice_at_a_time_however_much_of_their_own_they_have_not_proven" * doctest::description("contract 10")) {
  constexpr unsigned slice = 2000;
  for (const bool own : {true, false}) {
    destinations = {own ? "cloud" : "lead"};
    REQUIRE(put(pattern(100, own), image_facts(own ? "1.1" : "1.2")).ok());
    const auto one = lease(1, destinations[0]).at(0);
    queue->deliver(destinations[0], {one.item.id, one.item.sha256, own ? "https://cloud" : "via cloud: https://cloud", clock.wall(), core::Level::accepted});
    queue->drain();
    pass(std::chrono::hours(1));
  }
  const std::string others = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<" + std::to_string(slice) + ") INSERT INTO delivery SELECT destination, state, rank, "
                             "study_order, seq+i*1000, class_key, bytes, received_ms, attempts, not_before_ms, settled_run_ms, level, node, reason, asked_of, again, resends, "
                             "resent_ms FROM delivery, n WHERE destination=asked_of";
  tamper(others.c_str());
  queue::Unproven::Place place;
  const auto first = queue->unproven().taken_by("cloud", "lead", 10, place);
  CHECK(first.items.empty());
  CHECK(first.more);
  const auto second = queue->unproven().taken_by("cloud", "lead", 10, place);
  REQUIRE(second.items.size() == 1);
  CHECK(second.items[0].owed_to == "lead");
  CHECK_FALSE(second.more);
}

TEST_CASE_FIXTURE(UnprovenFixture, "a_slice_of_what_another_took_reads_no_more_rows_than_it_gives" * doctest::description("contract 10")) {
  accept(1);
  auto ledger = queue::Sql::open(at("ledger.db").string(), false);
  REQUIRE(ledger.ok());
  queue::Statement plan(**ledger, "EXPLAIN QUERY PLAN " + std::string(queue::taken_rows));
  std::string steps;
  while (plan.step()) steps += plan.text(3) + "\n";
  CAPTURE(steps);
  CHECK(steps.find("USING INDEX delivery_unproven (asked_of=? AND (not_before_ms,destination,") != steps.npos);
  CHECK(steps.find("SCAN") == steps.npos);
  CHECK(steps.find("TEMP B-TREE") == steps.npos);
}

TEST_CASE_FIXTURE(UnprovenFixture, "what_is_asked_about_is_not_asked_about_again_before_all_that_was_learnt_of_it_is_known") {
  accept(3);
  pass(limits::proof_wait_least);
  queue->drain();
  const auto first = queue->unproven().due("lead", 2).items;
  REQUIRE(first.size() == 2);
  const auto second = queue->unproven().due("lead", 2).items;
  REQUIRE(second.size() == 1);
  CHECK(queue->unproven().due("lead", 2).items.empty());
  queue->unproven().archived(first[0], archived(first[0]));
  done(first);
  const auto third = queue->unproven().due("lead", 2).items;
  REQUIRE(third.size() == 1);
  CHECK(sop_of(third[0]) == sop_of(first[1]));
}

TEST_CASE_FIXTURE(UnprovenFixture, "what_is_lost_again_and_again_is_sent_again_ever_more_rarely_and_without_end_also_over_restarts" * doctest::description("contract 4")) {
  accept(1);
  Millis wait = limits::resend_pause;
  constexpr unsigned many = 4 * limits::resends_max, rarest = 8;
  for (unsigned times = 0; times < many; ++times) {
    pass(limits::proof_wait_least);
    REQUIRE(due().size() == 1);
    CHECK(due()[0].resends == times);
    queue->unproven().send_again(due()[0], "it is not there");
    queue->drain();
    if (times < 2) restart(times == 1);
    pass(wait - Millis(1));
    CHECK(lease().empty());
    pass(Millis(1));
    if (times < rarest) wait = 2 * wait;
    const auto again = lease();
    REQUIRE(again.size() == 1);
    deliver(again[0], core::Level::accepted);
  }
  pass(limits::proof_wait_least);
  CHECK(wait <= Millis(limits::proof_wait_most));
  CHECK(due().at(0).resends == many);
  restart(true);
  pass(limits::proof_wait_least);
  CHECK(due().at(0).resends == many);
  const auto matches = queue->lookup().find("1.1", 1);
  REQUIRE(matches.size() == 1);
  REQUIRE(queue->orders().resend(matches[0], "lead").ok());
  deliver(lease().at(0), core::Level::accepted);
  pass(limits::proof_wait_least);
  CHECK(due().at(0).resends == 0);
}

TEST_CASE_FIXTURE(UnprovenFixture, "what_is_archived_is_asked_about_again_and_does_not_go_until_it_is_said_to_be_there" * doctest::description("contract 4")) {
  enough = static_cast<core::Level>(3);  // its retention is not over
  accept(1);
  pass(limits::proof_wait_least);
  const auto asked = due();
  REQUIRE(asked.size() == 1);
  queue->unproven().archived(asked[0], archived(asked[0]));
  queue->drain();
  CHECK(due().empty());
  queue->unproven().ask_newest_again("lead");
  queue->drain();
  enough = core::Level::archived;
  const auto again = due();
  REQUIRE(again.size() == 1);
  CHECK(again[0].again);
  CHECK(count().archived == 1);
  turns(3);
  CHECK(queue->summary().items == 1);
  const auto notes = std::filesystem::file_size(segments('n').back());
  queue->unproven().archived(again[0], archived(again[0]));
  queue->drain();
  CHECK(std::filesystem::file_size(segments('n').back()) == notes);  // it is in the spool already
  CHECK(due().empty());
  turns(3);
  CHECK(queue->summary().items == 0);
}

TEST_CASE_FIXTURE(UnprovenFixture, "where_two_images_of_one_uid_differ_an_answer_that_names_the_uid_proves_neither" * doctest::description("contract 4")) {
  REQUIRE(put(pattern(1000, 1), image_facts("1.1")).ok());
  REQUIRE(put(pattern(1000, 2), image_facts("1.1")).ok());
  REQUIRE(put(pattern(1000, 3), image_facts("1.2")).ok());
  for (const auto& one : lease()) deliver(one, core::Level::accepted);
  pass(std::chrono::hours(1));
  REQUIRE(due().size() == 1);
  CHECK(sop_of(due()[0]) == "1.2");
  const auto uid = queue->unproven().begin("lead");
  REQUIRE(uid.ok());
  CHECK(queue->unproven().named_in(*uid, {"1.1"})->items.empty());
}

TEST_CASE_FIXTURE(UnprovenFixture, "what_is_accepted_for_longer_than_a_time_and_not_proven_is_known_by_running_time" * doctest::description("contract 4")) {
  const Millis day = std::chrono::hours(24);
  CHECK_FALSE(queue->unproven().longer_than("lead", Millis(0)));
  accept(1);
  queue->drain();
  CHECK(queue->unproven().longer_than("lead", Millis(0)));
  CHECK_FALSE(queue->unproven().longer_than("cloud", Millis(0)));
  pass(std::chrono::hours(1000));  // a wall clock that jumps is no day
  CHECK_FALSE(queue->unproven().longer_than("lead", day));
  clock.mono_ms += day.count();
  queue->tick();
  queue->drain();
  CHECK(queue->unproven().longer_than("lead", day));
  const auto asked = due();
  REQUIRE(asked.size() == 1);
  queue->unproven().archived(asked[0], archived(asked[0]));
  queue->drain();
  CHECK_FALSE(queue->unproven().longer_than("lead", Millis(0)));
}

TEST_CASE_FIXTURE(UnprovenFixture, "that_a_node_has_what_is_not_proven_is_known" * doctest::description("contract 4")) {
  accept(1);
  CHECK_FALSE(queue->unproven().with_node("lead"));
  REQUIRE(put(pattern(1000, 7), image_facts("1.7")).ok());
  const auto one = lease().at(0);
  const std::string hub = "HUB@192.0.2.1:104" + std::string(core::node_mark);
  for (const core::Level level : {core::Level::accepted, core::Level::archived}) {
    queue->deliver("lead", {one.item.id, one.item.sha256, hub, clock.wall(), level});
    if (level == core::Level::archived) {
      pass(limits::proof_wait_least);
      for (const auto& asked : due())
        if (sop_of(asked) == "1.7") queue->unproven().archived(asked, {one.item.id, one.item.sha256, hub, clock.wall(), level});
    }
    queue->drain();
    CHECK(queue->unproven().with_node("lead") == (level == core::Level::accepted));
  }
}

TEST_CASE_FIXTURE(UnprovenFixture, "telemetry_and_plain_files_are_not_asked_about") {
  core::Manifest manifest;
  manifest.kind = core::Kind::message;
  REQUIRE(put(pattern(100, 1), {}, manifest).ok());
  for (const auto& one : lease()) deliver(one, core::Level::accepted);
  pass(std::chrono::hours(1));
  CHECK(due().empty());
}

TEST_CASE_FIXTURE(UnprovenFixture, "a_round_asks_about_all_that_is_archived_the_newest_first_and_goes_on_after_a_restart" * doctest::description("contract 4")) {
  enough = static_cast<core::Level>(3);  // nothing goes
  constexpr unsigned all = limits::proof_batch_items_max + 50;
  for (unsigned i = 1; i <= all; ++i) REQUIRE(put(pattern(100, i), image_facts("1." + std::to_string(i))).ok());
  for (const auto& one : lease(all)) queue->deliver("lead", {one.item.id, one.item.sha256, "PACS", clock.wall(), core::Level::archived});
  queue->drain();
  CHECK_FALSE(queue->unproven().round("lead").runs);
  queue->unproven().begin_round("lead");
  queue->drain();
  CHECK(queue->unproven().round("lead").runs);
  const auto ask_all = [&] {
    std::vector<UnprovenItem> asked;
    for (auto some = due(); !some.empty(); some = due()) {
      for (const auto& one : some) queue->unproven().archived(one, archived(one));
      done(some);
      asked.insert(asked.end(), some.begin(), some.end());
    }
    return asked;
  };
  queue->unproven().go_on("lead");
  queue->drain();
  queue->unproven().go_on("lead");  // not while the last ones have no answer
  queue->drain();
  const auto first = ask_all();
  REQUIRE(first.size() == limits::proof_batch_items_max);
  for (const auto& one : first) CHECK(one.item.facts.get(core::Fact::sop_instance_uid) != "1.1");
  restart();
  queue->unproven().go_on("lead");
  queue->drain();
  CHECK(ask_all().size() == 50);
  CHECK_FALSE(queue->unproven().round("lead").runs);
  CHECK(queue->unproven().round("lead").since.has_value());
  CHECK(count().archived == all);
}

TEST_CASE_FIXTURE(UnprovenFixture, "what_was_archived_and_is_not_there_any_more_is_sent_again" * doctest::description("contract 4")) {
  enough = static_cast<core::Level>(3);
  accept(1);
  pass(limits::proof_wait_least);
  const auto asked = due();
  queue->unproven().archived(asked.at(0), archived(asked.at(0)));
  queue->unproven().ask_newest_again("lead");
  queue->drain();
  queue->unproven().send_again(due().at(0), "it is not there");
  queue->drain();
  pass(limits::resend_pause);
  for (const bool without_ledger : {false, true}) {
    restart(without_ledger);
    pass(limits::resend_pause);
    CHECK(count().waiting == 1);
    CHECK(count().archived == 0);
    const auto again = lease();
    CHECK(again.size() == 1);
    give_back(again);
  }
}

TEST_CASE_FIXTURE(UnprovenFixture, "an_image_whose_data_set_has_another_name_than_its_command_is_proven_by_the_name_in_the_data_set_alone" * doctest::description("contract 3, 4")) {
  auto facts = image_facts("1.1");
  facts.set(core::Fact::data_sop_instance_uid, "9.1");
  REQUIRE(put(pattern(1000, 1), facts).ok());
  for (const auto& one : lease()) deliver(one, core::Level::accepted);
  queue->drain();
  pass(limits::proof_wait_least);
  REQUIRE(due().size() == 1);
  const auto transaction = queue->unproven().begin("lead");
  REQUIRE(transaction.ok());
  const auto named = [&](const std::string& uid) { return queue->unproven().named_in(*transaction, {uid})->items; };
  CHECK(named("1.1").empty());  // another image may have that name over there
  REQUIRE(named("9.1").size() == 1);
  CHECK(sop_of(named("9.1")[0]) == "1.1");

  // Another image that has the name for its only one: who names it may mean either.
  REQUIRE(put(pattern(1000, 2), image_facts("9.1")).ok());
  queue->drain();
  CHECK(named("9.1").empty());
  pass(limits::proof_wait_most);
  CHECK(due().empty());
}
