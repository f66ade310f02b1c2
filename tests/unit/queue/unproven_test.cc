// SPDX-License-Identifier: Apache-2.0
// What was accepted and is to be proven: when it is asked about, and what an answer changes.
#include "queue/unproven.h"

#include "core/limits.h"
#include "fixture.h"

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
    return queue->unproven().due("lead", 100).items;
  }
  core::Receipt archived(const UnprovenItem& one) {
    return {one.item.id, one.item.sha256, "PACS", clock.wall(), core::Level::archived};
  }
};

std::string sop_of(const UnprovenItem& one) { return std::string(one.item.facts.get(core::Fact::sop_instance_uid)); }

}  // namespace

TEST_CASE_FIXTURE(UnprovenFixture, "[contract 4] what_was_accepted_is_asked_about_until_it_is_archived_and_only_then_reclaimed") {
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
  queue->unproven().archived("lead", archived(asked[0]));
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
  queue->unproven().ask_later("lead", due().at(0), std::chrono::minutes(7));
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
  queue->unproven().send_again("lead", due().at(0), "it is not there");
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

TEST_CASE_FIXTURE(UnprovenFixture, "what_a_fallback_took_is_not_asked_of_the_destination_itself") {
  REQUIRE(put(pattern(100, 1), image_facts("1.1")).ok());
  const auto one = lease().at(0);
  queue->deliver("lead", {one.item.id, one.item.sha256, "via cloud: https://cloud", clock.wall(), core::Level::accepted});
  pass(std::chrono::hours(1));
  CHECK(due().empty());
  CHECK(count().delivered == 1);
}

TEST_CASE_FIXTURE(UnprovenFixture, "[contract 4] where_two_images_of_one_uid_differ_an_answer_that_names_the_uid_proves_neither") {
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

TEST_CASE_FIXTURE(UnprovenFixture, "telemetry_and_plain_files_are_not_asked_about") {
  core::Manifest manifest;
  manifest.kind = core::Kind::message;
  REQUIRE(put(pattern(100, 1), {}, manifest).ok());
  for (const auto& one : lease()) deliver(one, core::Level::accepted);
  pass(std::chrono::hours(1));
  CHECK(due().empty());
}
